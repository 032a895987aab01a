#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace sluice::port {

enum class HugepageUse : std::uint8_t {
  kAuto,  ///< when enough of them are free
  kOn,    ///< or do not start
  kOff,
};

/// Bytes in free hugepages of all sizes, as the kernel's `directory` tells; 0 without hugepages.
std::size_t free_hugepage_bytes(
    const std::filesystem::path& directory = "/sys/kernel/mm/hugepages");

/// Whether to use hugepages when `needed` bytes are wanted and `free` bytes of them are free.
/// Throws std::runtime_error, telling how to reserve them, when they are demanded and too few.
bool decide_hugepages(HugepageUse use, std::size_t needed, std::size_t free);

}  // namespace sluice::port
