#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace sluice::tls {

/// What session tickets are sealed with: a name, which every ticket carries in the clear, a key for
/// AES in CBC mode and one for HMAC-SHA256 (RFC 5077 section 4). Its bytes are wiped when it goes.
class TicketKey {
 public:
  static constexpr std::size_t kNameSize = 16;
  /// The name, then the cipher's key and the MAC's of 32 bytes each: AES-256.
  static constexpr std::size_t kSize = 80;
  /// The same with keys of 16 bytes: AES-128.
  static constexpr std::size_t kShortSize = 48;

  /// Of bytes, which are kSize or kShortSize.
  explicit TicketKey(std::span<const std::uint8_t> bytes);
  ~TicketKey();
  TicketKey(const TicketKey&) = delete;
  TicketKey& operator=(const TicketKey&) = delete;

  /// Of such bytes in base64 (RFC 4648 section 4), as `openssl rand -base64 -A 80` prints them;
  /// null for any other text.
  static std::shared_ptr<const TicketKey> from_base64(std::string_view text);
  /// A new one that nobody else has. Throws std::runtime_error when there is no randomness.
  static std::shared_ptr<const TicketKey> random();

  [[nodiscard]] std::span<const std::uint8_t> name() const;
  [[nodiscard]] std::span<const std::uint8_t> cipher_key() const;
  [[nodiscard]] std::span<const std::uint8_t> mac_key() const;
  /// The name in hexadecimal digits, for messages; no secret.
  [[nodiscard]] std::string name_text() const;

 private:
  std::array<std::uint8_t, kSize> bytes_{};
  std::size_t size_;
};

}  // namespace sluice::tls
