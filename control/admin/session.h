#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "control/admin/command_table.h"
#include "dataplane/base/undumped_memory.h"

namespace sluice::control {

/// One client's conversation with the admin socket, as HAProxy's holds it, apart from the socket:
/// bytes in, bytes out.
///
/// Each line is one or more commands with ';' between them. When it ends with "<<", the lines
/// behind it up to an empty one are a payload: the last command's last argument. Every answer ends
/// with an empty line. The conversation ends when the lines received so far are answered, unless
/// the client has asked for a prompt. What a session holds is bounded: a line and a payload by the
/// lengths below, and no command runs before the answer to the one before it was taken.
class AdminSession {
 public:
  static constexpr std::size_t kLongestLine = 16384;
  static constexpr std::size_t kLongestPayload = std::size_t{1} << 20;
  static constexpr std::chrono::seconds kDefaultTimeout{10};
  static constexpr std::chrono::seconds kLongestTimeout{3600};

  explicit AdminSession(const CommandTable& commands, AdminLevel level = AdminLevel::kAdmin)
      : commands_(commands), level_(level) {}

  /// Bytes from the client. Call it only while wants_input().
  void receive(std::string_view bytes);
  /// The client sends no more; a last line without its end counts.
  void end_of_input();

  /// Bytes that wait for the client.
  [[nodiscard]] std::string_view output() const { return output_; }
  /// The client took the first `size` bytes of output().
  void sent(std::size_t size);

  /// While an answer of bytes is under way any input stops it.
  [[nodiscard]] bool wants_input() const {
    if (rest_ != nullptr) return rest_->ends_conversation() && !stopped_ && !input_ended_;
    return output_.empty() && !ending_;
  }
  /// An answer is being made: go_on() may bring more of it.
  [[nodiscard]] bool waits() const { return rest_ != nullptr && output_.empty(); }
  void go_on() { advance(); }
  /// Nothing more will come of this session.
  [[nodiscard]] bool finished() const { return ending_ && output_.empty(); }
  /// How long the client may do nothing.
  [[nodiscard]] std::chrono::seconds timeout() const { return timeout_; }

 private:
  enum class Severity { kNone, kNumber, kString };

  void advance();
  void take_lines();
  bool take_payload(std::size_t begin, std::string& payload);
  bool take_piece();
  void run(const std::vector<std::string>& words);
  bool run_own(const std::vector<std::string>& words);
  Answer sink_to(AdminLevel level);
  Answer set_timeout(const std::vector<std::string>& words);
  Answer set_severity(const std::vector<std::string>& words);
  void answer(Answer answer);
  void put(const Answer& piece);

  const CommandTable& commands_;
  AdminLevel level_;  // it can only sink
  // It may be a private key: left out of core dumps.
  std::basic_string<char, std::char_traits<char>, undumped::Allocator<char>> input_;
  std::vector<std::vector<std::string>> pending_;  // commands of lines received, last one first
  std::string output_;
  std::unique_ptr<LongAnswer> rest_;  // of the command that runs
  bool stopped_ = false;              // so was rest_
  std::chrono::seconds timeout_ = kDefaultTimeout;
  Severity severity_ = Severity::kNone;
  bool prompt_ = false;
  bool heard_a_line_ = false;
  bool input_ended_ = false;
  bool ending_ = false;
};

/// Adds the lines of help for the commands that a session answers itself.
void describe_session_commands(CommandTable& commands);

}  // namespace sluice::control
