#include "control/admin/session.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace sluice::control {
namespace {

// HAProxy's marks; the numbers are syslog's.
constexpr std::string_view kErrorNumber = "[3]:";
constexpr std::string_view kErrorName = "[err]:";
constexpr std::string_view kPayloadMark = "<<";

// Of what was said, a payload may be a private key.
void wipe(std::vector<std::string>& words) {
  for (std::string& word : words) OPENSSL_cleanse(word.data(), word.size());
}

}  // namespace

void AdminSession::receive(std::string_view bytes) {
  if (rest_ != nullptr) {
    rest_->stop();
    stopped_ = true;
    return;
  }
  input_.append(bytes);
  advance();
}

void AdminSession::end_of_input() {
  input_ended_ = true;
  advance();
}

void AdminSession::sent(std::size_t size) {
  output_.erase(0, size);
  if (output_.empty()) advance();
}

// Runs one command at a time, each when the answer before it is gone.
void AdminSession::advance() {
  while (output_.empty() && !ending_) {
    if (rest_ != nullptr) {
      if (!take_piece()) return;
      continue;
    }
    if (pending_.empty()) take_lines();
    if (pending_.empty()) break;
    auto words = std::move(pending_.back());
    pending_.pop_back();
    run(words);
    wipe(words);
  }
  if (ending_ || !output_.empty() || !pending_.empty()) return;
  if (input_ended_ || (heard_a_line_ && !prompt_)) ending_ = true;
}

// Returns whether that was all of the answer.
bool AdminSession::take_piece() {
  Answer piece;
  const bool all = rest_->advance(piece);
  put(piece);
  if (!all) return false;
  if (rest_->ends_conversation() && !piece.failed) {
    ending_ = true;
  } else {
    output_ += prompt_ ? "\n> " : "\n";
  }
  rest_.reset();
  return true;
}

void AdminSession::take_lines() {
  const std::size_t end = std::min(input_.find('\n'), input_.size());
  if (end > kLongestLine) {
    answer(refusal("the line is too long"));
    ending_ = true;
    return;
  }
  const bool whole = end < input_.size() || (input_ended_ && !input_.empty());
  if (!whole) return;
  std::string line(std::string_view(input_).substr(0, end));
  if (line.ends_with('\r')) line.pop_back();
  std::string payload;
  const bool has_payload = line.ends_with(kPayloadMark);
  if (has_payload) {
    if (!take_payload(end + 1, payload)) return;
    line.resize(line.size() - kPayloadMark.size());
  } else {
    input_.erase(0, end + 1);
  }
  pending_ = split_commands(line);
  if (has_payload) pending_.back().push_back(std::move(payload));
  std::reverse(pending_.begin(), pending_.end());
  heard_a_line_ = true;
}

// Takes the lines from `begin` to the first empty one, and all before them, out of the input. False
// when they are not all there yet, or are too many.
bool AdminSession::take_payload(std::size_t begin, std::string& payload) {
  for (std::size_t at = begin; at < input_.size();) {
    const std::size_t end = std::min(input_.find('\n', at), input_.size());
    if (end == input_.size()) break;
    if (end == at || (end == at + 1 && input_[at] == '\r')) {
      payload = std::string_view(input_).substr(begin, at - begin);
      input_.erase(0, end + 1);
      return true;
    }
    at = end + 1;
  }
  if (input_.size() > begin + kLongestPayload) {
    answer(refusal("the payload is too long"));
    ending_ = true;
    return false;
  }
  if (!input_ended_) return false;
  if (begin < input_.size()) payload = std::string_view(input_).substr(begin);
  input_.clear();
  return true;
}

void AdminSession::run(const std::vector<std::string>& words) {
  if (!run_own(words)) answer(commands_.run(words, level_));
}

// Commands that change the conversation itself.
bool AdminSession::run_own(const std::vector<std::string>& words) {
  if (words.empty()) {
    if (prompt_) answer({});
    return true;
  }
  if (words[0] == "quit") {
    ending_ = true;
    return true;
  }
  if (words[0] == "prompt") {
    prompt_ = !prompt_;
    answer({});
    return true;
  }
  if (words.size() == 1 && (words[0] == "user" || words[0] == "operator")) {
    answer(sink_to(words[0] == "user" ? AdminLevel::kUser : AdminLevel::kOperator));
    return true;
  }
  if (words.size() == 3 && words[0] == "show" && words[1] == "cli" && words[2] == "level") {
    answer({std::string(to_string(level_)) + "\n"});
    return true;
  }
  if (words[0] == "set" && words.size() >= 2) {
    if (words[1] == "timeout") answer(set_timeout(words));
    if (words[1] == "severity-output") answer(set_severity(words));
    return words[1] == "timeout" || words[1] == "severity-output";
  }
  return false;
}

Answer AdminSession::sink_to(AdminLevel level) {
  if (level > level_) {
    return refusal("Permission denied: this is " + std::string(to_string(level_)) +
                   ", and a level can only sink");
  }
  level_ = level;
  return {};
}

Answer AdminSession::set_timeout(const std::vector<std::string>& words) {
  int seconds = 0;
  if (words.size() == 4 && words[2] == "cli") {
    std::string_view number = words[3];
    if (number.ends_with('s')) number.remove_suffix(1);
    const char* const end = number.data() + number.size();
    const auto [rest, error] = std::from_chars(number.data(), end, seconds);
    if (error != std::errc{} || rest != end) seconds = 0;
  }
  if (seconds < 1 || seconds > kLongestTimeout.count()) {
    return refusal("'set timeout cli' needs a number of seconds from 1 to 3600");
  }
  timeout_ = std::chrono::seconds(seconds);
  return {};
}

Answer AdminSession::set_severity(const std::vector<std::string>& words) {
  const std::string form = words.size() == 3 ? words[2] : std::string();
  if (form == "none") {
    severity_ = Severity::kNone;
  } else if (form == "number") {
    severity_ = Severity::kNumber;
  } else if (form == "string") {
    severity_ = Severity::kString;
  } else {
    return refusal("'set severity-output' needs none, number or string");
  }
  return {};
}

void AdminSession::answer(Answer answer) {
  put(answer);
  rest_ = std::move(answer.rest);
  if (rest_ == nullptr) output_ += prompt_ ? "\n> " : "\n";
}

void AdminSession::put(const Answer& piece) {
  if (piece.failed && severity_ != Severity::kNone) {
    output_ += severity_ == Severity::kNumber ? kErrorNumber : kErrorName;
  }
  output_ += piece.text;
}

void describe_session_commands(CommandTable& commands) {
  commands.describe("help [<command>]", "list matching or all commands");
  commands.describe("prompt", "toggle interactive mode with prompt");
  commands.describe("quit", "disconnect");
  commands.describe("operator", "give up the right to change anything, in this conversation");
  commands.describe("user", "likewise, and to see what tells of clients");
  commands.describe("show cli level", "what this conversation may do: user, operator or admin");
  commands.describe("set timeout cli <seconds>", "end this conversation after so long a silence");
  commands.describe("set severity-output <none|number|string>", "mark refusals as HAProxy does");
}

}  // namespace sluice::control
