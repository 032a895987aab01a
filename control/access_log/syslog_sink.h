#pragma once

#include <string>

#include "control/access_log/destination.h"
#include "control/access_log/line_header.h"
#include "control/access_log/sink.h"
#include "control/admin/unix_socket.h"

namespace sluice::control {

/// A syslog server, by a Unix datagram socket or by UDP over the kernel: a datagram for each line,
/// in HAProxy's usual format (RFC 3164 without the host's name), with severity "info".
class SyslogSink final : public AccessSink {
 public:
  SyslogSink(AccessDestination to, const std::string& tag, unsigned facility);

  Outcome write(LineBatch& batch) override;
  void begin_line(std::int64_t at, std::string& into) override { header_.append(at, into); }
  void reopen() override { connect(); }
  [[nodiscard]] std::string fault() const override { return fault_; }

 private:
  bool connect();
  bool fail();

  AccessDestination to_;
  LineHeader header_;
  FileDescriptor socket_;
  std::string fault_;
};

}  // namespace sluice::control
