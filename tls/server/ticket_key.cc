#include "tls/server/ticket_key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>

#include "dataplane/base/undumped_memory.h"
#include "tls/openssl_types.h"

namespace sluice::tls {
namespace {

// EVP_DecodeBlock() writes three bytes for four characters, the padding's zeros among them.
constexpr std::size_t kMostCharacters = (TicketKey::kSize + 2) / 3 * 4;

// Bytes on their way into a key.
template <std::size_t kCount>
class SecretArray {
 public:
  SecretArray() = default;
  ~SecretArray() { OPENSSL_cleanse(bytes_.data(), kCount); }
  SecretArray(const SecretArray&) = delete;
  SecretArray& operator=(const SecretArray&) = delete;

  [[nodiscard]] std::uint8_t* data() { return bytes_.data(); }
  [[nodiscard]] std::span<const std::uint8_t> first(std::size_t count) const {
    return std::span(bytes_).first(count);
  }

 private:
  std::array<std::uint8_t, kCount> bytes_{};
};

// EVP_DecodeBlock() skips blanks at both ends; other programs would not take that for a key.
bool is_base64(std::string_view text) {
  constexpr std::string_view kCharacters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t end = text.find_first_not_of(kCharacters);
  if (end == std::string_view::npos) return true;
  return text.find_first_not_of('=', end) == std::string_view::npos && text.size() - end <= 2;
}

// A key and its count of owners, in one piece.
std::shared_ptr<const TicketKey> make(std::span<const std::uint8_t> bytes) {
  return std::allocate_shared<TicketKey>(undumped::Allocator<TicketKey>(), bytes);
}

}  // namespace

TicketKey::TicketKey(std::span<const std::uint8_t> bytes) : size_(bytes.size()) {
  std::ranges::copy(bytes, bytes_.begin());
}

TicketKey::~TicketKey() {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

std::shared_ptr<const TicketKey> TicketKey::from_base64(std::string_view text) {
  if (text.size() > kMostCharacters || text.size() % 4 != 0 || !is_base64(text)) return nullptr;
  SecretArray<kMostCharacters / 4 * 3> bytes;
  const int written =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()));
  const auto padding = std::ranges::count(text, '=');
  if (written < padding) return nullptr;
  const auto size = static_cast<std::size_t>(written - padding);
  if (size != kSize && size != kShortSize) return nullptr;
  return make(bytes.first(size));
}

std::shared_ptr<const TicketKey> TicketKey::random() {
  SecretArray<kSize> bytes;
  const bool done = RAND_bytes(bytes.data(), kNameSize) == 1 &&
                    RAND_priv_bytes(bytes.data() + kNameSize, kSize - kNameSize) == 1;
  if (!done) {
    throw std::runtime_error("no random bytes for a ticket key: " + take_openssl_error());
  }
  return make(bytes.first(kSize));
}

std::span<const std::uint8_t> TicketKey::name() const {
  return std::span(bytes_).first(kNameSize);
}

std::span<const std::uint8_t> TicketKey::cipher_key() const {
  return std::span(bytes_).subspan(kNameSize, (size_ - kNameSize) / 2);
}

std::span<const std::uint8_t> TicketKey::mac_key() const {
  const std::size_t each = (size_ - kNameSize) / 2;
  return std::span(bytes_).subspan(kNameSize + each, each);
}

std::string TicketKey::name_text() const {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : name()) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

}  // namespace sluice::tls
