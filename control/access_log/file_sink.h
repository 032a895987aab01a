#pragma once

#include <optional>
#include <string>

#include "control/access_log/line_header.h"
#include "control/access_log/sink.h"
#include "control/admin/unix_socket.h"

namespace sluice::control {

/// A file, to which lines are added, a pipe, or standard output. A line is never left in two parts
/// with others between them: what a full disk has cut off comes first when there is room again.
class FileSink final : public AccessSink {
 public:
  /// Makes a file that is not there, with permissions 0640. An empty path is standard output.
  FileSink(std::string path, std::optional<LineHeader> header);

  Outcome write(LineBatch& batch) override;
  void begin_line(std::int64_t at, std::string& into) override {
    if (header_) header_->append(at, into);
  }
  void reopen() override;
  [[nodiscard]] std::string fault() const override { return fault_; }

 private:
  void open();
  Outcome finish_torn();
  Outcome write_some(std::string_view text, std::size_t& written);

  std::string path_;
  std::optional<LineHeader> header_;
  FileDescriptor own_;
  int file_ = -1;
  bool waits_for_reader_ = false;  // a pipe, a socket or a terminal
  std::string torn_;               // the rest of a line of which a part is written
  std::string fault_;
};

}  // namespace sluice::control
