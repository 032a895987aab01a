#include "tls/record/record_opening.h"

#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "tls/record/record_cryptography.h"
#include "tls/record/record_header.h"

namespace sluice::tls {
namespace {

OpenedRecord refused(Alert alert) {
  return {.status = OpenedRecord::Status::kRefused, .alert = alert};
}

// The plaintext behind the ciphertext of one buffer; empty when there is no memory.
Packet decrypt(RecordCipher& cipher, Packet buffer, PacketPool& pool) {
  const std::span<std::uint8_t> bytes = buffer.front();
  if (is_writable(*buffer.get())) {
    return cipher.apply(bytes, bytes.data()) ? std::move(buffer) : Packet();
  }
  const bool large = bytes.size() > PacketPool::kDataRoom;
  Packet copy = large ? pool.allocate_large() : pool.allocate();
  if (!copy || copy.tailroom() < bytes.size()) return {};
  std::uint8_t* to = copy.append(static_cast<std::uint16_t>(bytes.size()));
  return cipher.apply(bytes, to) ? std::move(copy) : Packet();
}

bool decrypt(RecordCipher& cipher, ByteChain ciphertext, PacketPool& pool, ByteChain& plaintext) {
  while (!ciphertext.empty()) {
    Packet opened = decrypt(cipher, ciphertext.pop_front(), pool);
    if (!opened) return false;
    plaintext.append(std::move(opened));
  }
  return true;
}

// The position of the last byte that is not zero, and that byte; zero when there is none: what
// follows the content type is padding (RFC 8446 section 5.4).
std::pair<std::size_t, std::uint8_t> find_content_type(const ByteChain& inner) {
  std::pair<std::size_t, std::uint8_t> found{0, 0};
  std::size_t before = 0;
  for (const rte_mbuf* buffer = inner.head(); buffer != nullptr; buffer = buffer->next) {
    const auto* bytes = rte_pktmbuf_mtod(buffer, const std::uint8_t*);
    std::size_t size = buffer->data_len;
    while (size > 0 && bytes[size - 1] == 0) --size;
    if (size > 0) found = {before + size - 1, bytes[size - 1]};
    before += buffer->data_len;
  }
  return found;
}

// Takes TLS 1.3's content type and padding off (RFC 8446 section 5.2).
OpenedRecord unwrap(ByteChain inner) {
  if (inner.size() > kMaxPlaintext + 1) return refused(Alert::kRecordOverflow);
  const auto [size, type] = find_content_type(inner);
  if (type == 0) return refused(Alert::kUnexpectedMessage);
  inner.truncate(size);
  return {.status = OpenedRecord::Status::kOpened,
          .type = static_cast<ContentType>(type),
          .plaintext = std::move(inner)};
}

}  // namespace

OpenedRecord open_record(RecordCiphers& ciphers, Suite suite, TrafficKeys& keys, ByteChain record,
                         PacketPool& pool) {
  const RecordHeader header = read_record_header(record);
  RecordCipher::Nonce nonce = next_nonce(suite, keys);
  const std::size_t explicit_part = suite.explicit_nonce_size();
  record.copy_out(kRecordHeaderSize, std::span(nonce).last(explicit_part));
  record.drop_front(kRecordHeaderSize + explicit_part);

  RecordCipher::Tag tag;
  const std::size_t size = record.size() - kTagSize;
  record.copy_out(size, tag);
  record.truncate(size);

  const auto type = static_cast<ContentType>(header.type);
  const auto key = std::span(keys.key).first(suite.key_size());
  const AssociatedData data(suite, keys.sequence(), type, header.size, size);
  RecordCipher* cipher = ciphers.begin_opening(suite.aead, key, nonce, data.bytes());
  ByteChain plaintext;
  const bool done = cipher != nullptr && decrypt(*cipher, std::move(record), pool, plaintext);
  if (!done) return {.status = OpenedRecord::Status::kNoMemory};
  if (!cipher->verify(tag)) return refused(Alert::kBadRecordMac);
  keys.count_record();
  if (suite.tls13) return unwrap(std::move(plaintext));
  if (plaintext.size() > kMaxPlaintext) return refused(Alert::kRecordOverflow);
  return {.status = OpenedRecord::Status::kOpened, .type = type, .plaintext = std::move(plaintext)};
}

}  // namespace sluice::tls
