#include "dataplane/port/hugepages.h"

#include <charconv>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sluice::port {
namespace {

constexpr std::size_t kCommonPage = std::size_t{2} << 20;

// "hugepages-2048kB" -> bytes; 0 for another name.
std::size_t page_size_of(std::string_view name) {
  constexpr std::string_view kPrefix = "hugepages-";
  if (name.substr(0, kPrefix.size()) != kPrefix) return 0;
  name.remove_prefix(kPrefix.size());
  std::size_t kib = 0;
  std::from_chars(name.data(), name.data() + name.size(), kib);
  return kib << 10;
}

}  // namespace

std::size_t free_hugepage_bytes(const std::filesystem::path& directory) {
  std::size_t bytes = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    std::size_t pages = 0;
    std::ifstream(entry.path() / "free_hugepages") >> pages;
    bytes += pages * page_size_of(entry.path().filename().string());
  }
  return bytes;
}

bool decide_hugepages(HugepageUse use, std::size_t needed, std::size_t free) {
  if (use == HugepageUse::kOff) return false;
  if (free >= needed) return true;
  if (use == HugepageUse::kAuto) return false;
  const std::size_t pages = (needed + kCommonPage - 1) / kCommonPage;
  throw std::runtime_error("hugepages are demanded, but of the " + std::to_string(needed >> 20) +
                           " MiB needed only " + std::to_string(free >> 20) +
                           " MiB are free; reserve them (sysctl -w vm.nr_hugepages=" +
                           std::to_string(pages) + ") or do without (hugepages = \"auto\")");
}

}  // namespace sluice::port
