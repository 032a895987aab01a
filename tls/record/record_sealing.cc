#include "tls/record/record_sealing.h"

#include <algorithm>
#include <array>

#include "tls/record/record_cryptography.h"

namespace sluice::tls {
namespace {

constexpr std::size_t kBlock = 16;  // of AES; what ends inside of one costs more

/// Writes one record: its beginning, then the plaintext in pieces, then its end.
class Sealing {
 public:
  Sealing(RecordCiphers& ciphers, Suite suite, TrafficKeys& keys, OutputBuffers& output)
      : ciphers_(ciphers), suite_(suite), keys_(keys), output_(output) {}

  [[nodiscard]] bool begin(ContentType type, std::size_t plaintext);
  [[nodiscard]] bool add(std::span<const std::uint8_t> piece);
  [[nodiscard]] bool end(ContentType type);

 private:
  RecordCiphers& ciphers_;
  Suite suite_;
  TrafficKeys& keys_;
  OutputBuffers& output_;
  RecordCipher* cipher_ = nullptr;
  std::size_t done_ = 0;
};

bool Sealing::begin(ContentType type, std::size_t plaintext) {
  const std::size_t fragment = suite_.explicit_nonce_size() + plaintext +
                               (suite_.tls13 ? sizeof(ContentType) : 0) + kTagSize;
  const ContentType outer = suite_.tls13 ? ContentType::kApplicationData : type;
  const RecordCipher::Nonce nonce = next_nonce(suite_, keys_);
  const auto key = std::span(keys_.key).first(suite_.key_size());
  output_.begin_record(kRecordHeaderSize + fragment);
  const AssociatedData data(suite_, keys_.sequence(), outer, fragment, plaintext);
  cipher_ = ciphers_.begin_sealing(suite_.aead, key, nonce, data.bytes());
  return cipher_ != nullptr && output_.write(record_header(outer, fragment)) &&
         output_.write(std::span(nonce).last(suite_.explicit_nonce_size()));
}

bool Sealing::add(std::span<const std::uint8_t> piece) {
  while (!piece.empty()) {
    const std::span<std::uint8_t> room = output_.room(std::min(piece.size(), kBlock));
    if (room.empty()) return false;
    std::size_t size = std::min(piece.size(), room.size());
    if (size < piece.size() && size > kBlock) size -= (done_ + size) % kBlock;
    if (!cipher_->apply(piece.first(size), room.data())) return false;
    output_.wrote(size);
    done_ += size;
    piece = piece.subspan(size);
  }
  return true;
}

bool Sealing::end(ContentType type) {
  const auto inner_type = static_cast<std::uint8_t>(type);
  if (suite_.tls13 && !add({&inner_type, 1})) return false;
  RecordCipher::Tag tag;
  const bool done = cipher_->finish(tag);
  keys_.count_record();
  return done && output_.write(tag);
}

}  // namespace

bool seal_record(RecordCiphers& ciphers, Suite suite, TrafficKeys& keys, ContentType type,
                 const ByteChain& plaintext, std::size_t size, OutputBuffers& output) {
  Sealing sealing(ciphers, suite, keys, output);
  if (!sealing.begin(type, size)) return false;
  for (const rte_mbuf* buffer = plaintext.head(); size > 0; buffer = buffer->next) {
    const std::size_t here = std::min<std::size_t>(size, buffer->data_len);
    if (!sealing.add({rte_pktmbuf_mtod(buffer, const std::uint8_t*), here})) return false;
    size -= here;
  }
  return sealing.end(type);
}

bool seal_record(RecordCiphers& ciphers, Suite suite, TrafficKeys& keys, ContentType type,
                 std::span<const std::uint8_t> plaintext, OutputBuffers& output) {
  Sealing sealing(ciphers, suite, keys, output);
  return sealing.begin(type, plaintext.size()) && sealing.add(plaintext) && sealing.end(type);
}

}  // namespace sluice::tls
