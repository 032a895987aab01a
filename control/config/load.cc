#include "control/config/load.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "control/config/checks.h"
#include "control/config/document.h"
#include "control/config/keys.h"

namespace sluice::control {
namespace {

// A farm of ten thousand servers takes about a megabyte.
constexpr std::uintmax_t kLargestFile = 16U << 20;

// Those that also work on a configuration that was read with errors.
void check_most(const Config& config, Use use, Diagnostics& problems) {
  check_presence(config, use, problems);
  check_names(config, problems);
  check_balancing(config, problems);
  check_modes(config, problems);
  check_answers(config, problems);
  check_header_edits(config, problems);
  check_backend_tls(config, problems);
  check_management(config, problems);
  check_access_log(config, problems);
  check_ticket_times(config, problems);
  check_account_keys(config, problems);
  check_tls(config, problems);
}

}  // namespace

std::optional<std::string> read_config_file(const std::string& path, Diagnostics& problems) {
  std::error_code failed;
  if (std::filesystem::is_directory(path, failed)) {
    problems.error({}, "is a directory, not a configuration file");
    return {};
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    problems.error({}, std::string("cannot be read: ") + std::strerror(errno));
    return {};
  }
  std::string text;
  char chunk[65536];
  while (file.read(chunk, sizeof chunk) || file.gcount() > 0) {
    text.append(chunk, static_cast<std::size_t>(file.gcount()));
    if (text.size() > kLargestFile) {
      problems.error({}, "is larger than 16MiB");
      return {};
    }
  }
  return text;
}

void check_config(const Config& config, Diagnostics& problems) {
  check_most(config, Use::kProxy, problems);
  if (problems.ok()) check_network(config, problems);
}

std::optional<Config> read_config(std::string_view text, Diagnostics& problems, Use use) {
  const auto document = parse_document(text, problems);
  if (!document) return {};
  Config config;
  const bool complete = config_section().read(*document, config, problems);
  check_most(config, use, problems);
  // An address that could not be read would make others look wrong, too.
  if (complete && problems.ok()) check_network(config, problems);
  return config;
}

std::optional<Config> load_config(const std::string& path, Diagnostics& problems, Use use) {
  const auto text = read_config_file(path, problems);
  if (!text) return {};
  return read_config(*text, problems, use);
}

}  // namespace sluice::control
