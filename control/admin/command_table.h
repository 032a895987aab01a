#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/admin/long_answer.h"

namespace sluice::control {

/// What a command answers: text for the client, whole lines.
struct Answer {
  std::string text;
  bool failed = false;
  std::unique_ptr<LongAnswer> rest = nullptr;  ///< more comes, behind `text`
};

/// A refusal, with its reason.
Answer refusal(std::string reason);

/// What an operator can ask for. Commands are words; the longest sequence of words that names one
/// is it, and the rest are its arguments.
class CommandTable {
 public:
  using Handler = std::function<Answer(std::span<const std::string> arguments)>;

  /// Adds a command. `usage` is its words and its arguments, "show stat [json]"; the words are
  /// what comes before the first '[' or '<'.
  void add(std::string usage, std::string help, Handler handler);
  /// Adds a line of help for a command that is handled elsewhere.
  void describe(std::string usage, std::string help);

  /// Runs one command. An empty one answers nothing.
  [[nodiscard]] Answer run(std::span<const std::string> words) const;

  /// A line for each command that begins with these words, or for all.
  [[nodiscard]] std::string help(std::span<const std::string> words) const;

 private:
  struct Command {
    std::vector<std::string> words;
    std::string usage;
    std::string help;
    Handler handler;
  };

  Command& insert(std::string usage, std::string help);
  [[nodiscard]] Answer unknown(std::span<const std::string> words) const;

  std::vector<Command> commands_;
};

/// Splits a line into commands at ';', and those into words at blanks. A backslash takes the next
/// character as it is.
std::vector<std::vector<std::string>> split_commands(std::string_view line);

}  // namespace sluice::control
