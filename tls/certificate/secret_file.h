#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/base/undumped_memory.h"

namespace sluice::tls {

/// The bytes of a file that may hold secret keys, left out of core dumps, wiped when they are
/// freed, and never moved before.
class SecretFile {
 public:
  /// Reads all of a regular file of at most `most` bytes; of larger ones it is said that they are
  /// "too large for `what`". Throws std::runtime_error, "<path>: <what is wrong>".
  SecretFile(const std::filesystem::path& path, std::size_t most, std::string_view what);
  ~SecretFile();
  SecretFile(const SecretFile&) = delete;
  SecretFile& operator=(const SecretFile&) = delete;

  [[nodiscard]] std::span<const std::uint8_t> bytes() const {
    return std::span(bytes_).first(size_);
  }
  [[nodiscard]] std::string_view text() const;
  /// Whether every user of the machine may read the file.
  [[nodiscard]] bool open_to_all() const { return open_to_all_; }

 private:
  SecretFile() = default;

  std::vector<std::uint8_t, undumped::Allocator<std::uint8_t>> bytes_;
  std::size_t size_ = 0;  // of what was read into it
  bool open_to_all_ = false;
};

}  // namespace sluice::tls
