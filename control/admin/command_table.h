#pragma once

#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "control/admin/level.h"
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

/// What `work` returns, or the refusal that it throws as a std::runtime_error.
template <typename Work>
Answer answer_of(Work&& work) {
  try {
    return {work()};
  } catch (const std::runtime_error& fault) {
    return refusal(fault.what());
  }
}

/// What an operator can ask for. Commands are words; the longest sequence of words that names one
/// is it, and the rest are its arguments.
class CommandTable {
 public:
  using Handler = std::function<Answer(std::span<const std::string> arguments)>;

  /// Adds a command. `usage` is its words and its arguments, "show stat [json]"; the words are
  /// what comes before the first '[' or '<'. `level`: who may give it.
  void add(std::string usage, std::string help, Handler handler,
           AdminLevel level = AdminLevel::kUser);
  /// Adds a line of help for a command that is handled elsewhere.
  void describe(std::string usage, std::string help, AdminLevel level = AdminLevel::kUser);

  /// Runs one command of a client who may do what `level` allows. An empty one answers nothing.
  [[nodiscard]] Answer run(std::span<const std::string> words,
                           AdminLevel level = AdminLevel::kAdmin) const;

  /// A line for each command that begins with these words, or for all: of those that `level`
  /// allows.
  [[nodiscard]] std::string help(std::span<const std::string> words,
                                 AdminLevel level = AdminLevel::kAdmin) const;

 private:
  struct Command {
    std::vector<std::string> words;
    std::string usage;
    std::string help;
    AdminLevel level;
    Handler handler;
  };

  Command& insert(std::string usage, std::string help, AdminLevel level);
  [[nodiscard]] Answer unknown(std::span<const std::string> words, AdminLevel level) const;

  std::vector<Command> commands_;
};

/// Splits a line into commands at ';', and those into words at blanks. A backslash takes the next
/// character as it is.
std::vector<std::vector<std::string>> split_commands(std::string_view line);

}  // namespace sluice::control
