#include "control/admin/command_table.h"

#include <algorithm>
#include <utility>

#include "control/config/suggestion.h"
#include "control/config/wording.h"

namespace sluice::control {
namespace {

std::vector<std::string> fixed_words(const std::string& usage) {
  const auto commands = split_commands(usage.substr(0, usage.find_first_of("[<")));
  return commands.empty() ? std::vector<std::string>{} : commands.front();
}

bool begins_with(std::span<const std::string> words, std::span<const std::string> start) {
  return words.size() >= start.size() && std::equal(start.begin(), start.end(), words.begin());
}

std::string joined(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace

Answer refusal(std::string reason) {
  return {std::move(reason.append("\n")), true};
}

CommandTable::Command& CommandTable::insert(std::string usage, std::string help, AdminLevel level) {
  auto words = fixed_words(usage);
  const auto place = std::upper_bound(
      commands_.begin(), commands_.end(), usage,
      [](const std::string& text, const Command& command) { return text < command.usage; });
  return *commands_.insert(place,
                           {std::move(words), std::move(usage), std::move(help), level, nullptr});
}

void CommandTable::add(std::string usage, std::string help, Handler handler, AdminLevel level) {
  insert(std::move(usage), std::move(help), level).handler = std::move(handler);
}

void CommandTable::describe(std::string usage, std::string help, AdminLevel level) {
  insert(std::move(usage), std::move(help), level);
}

Answer CommandTable::run(std::span<const std::string> words, AdminLevel level) const {
  if (words.empty()) return {};
  if (words.front() == "help") return {help(words.subspan(1), level), false};
  const Command* best = nullptr;
  for (const Command& command : commands_) {
    if (!command.handler || !begins_with(words, command.words)) continue;
    if (best == nullptr || command.words.size() > best->words.size()) best = &command;
  }
  if (best == nullptr) return unknown(words, level);
  if (best->level > level) {
    return refusal("Permission denied: " + in_quotes(joined(best->words)) + " needs level " +
                   std::string(to_string(best->level)) + ", this is " +
                   std::string(to_string(level)));
  }
  return best->handler(words.subspan(best->words.size()));
}

Answer CommandTable::unknown(std::span<const std::string> words, AdminLevel level) const {
  std::vector<std::string> names;
  for (const Command& command : commands_) {
    names.push_back(joined(command.words));
    if (command.level > level || !begins_with(command.words, words)) continue;
    return refusal(in_quotes(joined(words)) + " needs more words:\n" + help(words, level));
  }
  const std::string given = joined(words.first(std::min<std::size_t>(words.size(), 3)));
  return refusal("unknown command " + in_quotes(given.substr(0, 64)) + did_you_mean(given, names) +
                 " ('help' lists them all)");
}

std::string CommandTable::help(std::span<const std::string> words, AdminLevel level) const {
  std::size_t width = 0;
  std::vector<const Command*> shown;
  for (const Command& command : commands_) {
    if (command.level > level || !begins_with(command.words, words)) continue;
    shown.push_back(&command);
    width = std::max(width, command.usage.size());
  }
  if (shown.empty()) return "no command begins with these words\n";
  std::string text;
  for (const Command* command : shown) {
    text += "  " + command->usage + std::string(width - command->usage.size(), ' ') + " : " +
            command->help + "\n";
  }
  return text;
}

std::vector<std::vector<std::string>> split_commands(std::string_view line) {
  std::vector<std::vector<std::string>> commands(1);
  std::string word;
  bool in_word = false;
  auto end_word = [&] {
    if (in_word) commands.back().push_back(std::exchange(word, {}));
    in_word = false;
  };
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == ';') {
      end_word();
      commands.emplace_back();
    } else if (c == ' ' || c == '\t' || c == '\r') {
      end_word();
    } else {
      in_word = true;
      if (c == '\\' && i + 1 < line.size()) ++i;
      word += line[i];
    }
  }
  end_word();
  return commands;
}

}  // namespace sluice::control
