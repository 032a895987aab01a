#include "control/tickets/ticket_key_file.h"

#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "tls/certificate/secret_file.h"
#include "tls/server/ticket_key_schedule.h"

namespace sluice::control {
namespace {

constexpr std::size_t kLargestFile = 65536;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : path_(path.string()) {}

  void read(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      ++line_;
      add(trimmed(text.substr(0, end)));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (keys_.empty()) throw std::runtime_error(path_ + ": no key in it");
  }
  std::vector<std::shared_ptr<const tls::TicketKey>> take() { return std::move(keys_); }

 private:
  void add(std::string_view text) {
    if (text.empty() || text.front() == '#') return;
    auto key = tls::TicketKey::from_base64(text);
    if (key == nullptr) refuse(not_a_key());
    const auto [first, is_new] = lines_.emplace(key->name_text(), line_);
    if (!is_new) refuse("the key has the name of that on line " + std::to_string(first->second));
    if (keys_.size() == tls::TicketKeySchedule::kMostKeys) {
      refuse("there are more than " + std::to_string(keys_.size()) + " keys");
    }
    keys_.push_back(std::move(key));
  }

  [[nodiscard]] std::string not_a_key() const {
    return std::string("this is no key of 80 (or 48) bytes in base64, on a line of its own, as ") +
           "'openssl rand -base64 -A 80' prints it (without -A it breaks the line)";
  }

  [[noreturn]] void refuse(const std::string& problem) const {
    throw std::runtime_error(path_ + ":" + std::to_string(line_) + ": " + problem);
  }

  std::string path_;
  std::vector<std::shared_ptr<const tls::TicketKey>> keys_;
  std::map<std::string, std::size_t> lines_;  // by the name of the key
  std::size_t line_ = 0;
};

}  // namespace

TicketKeyFile read_ticket_keys(const std::filesystem::path& path) {
  const tls::SecretFile file(path, kLargestFile, "a file of ticket keys");
  const std::size_t size = file.bytes().size();
  if (size == tls::TicketKey::kSize || size == tls::TicketKey::kShortSize) {
    throw std::runtime_error(path.string() + ": this looks like one key in nginx's binary form: " +
                             "'openssl base64 -A' makes a line of it");
  }
  Reader reader(path);
  reader.read(file.text());
  return {reader.take(), file.open_to_all()};
}

}  // namespace sluice::control
