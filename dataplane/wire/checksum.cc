#include "dataplane/wire/checksum.h"

#include <rte_mbuf.h>

namespace sluice::wire {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "folding swaps the bytes of the sum");

// The sum of 16-bit words is the same modulo 0xffff when they are taken two at a time. 32-bit words
// in 64-bit sums need no carry, and the compiler makes vectors of them: of both halves of 64-bit
// words, which lie where the sums want them (twice as fast as from 32-bit words that it spreads).
std::uint64_t sum_bytes(const std::uint8_t* at, std::size_t size) {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  const std::size_t words = size / 8;
  for (std::size_t i = 0; i < words; ++i) {
    std::uint64_t word;
    std::memcpy(&word, at + i * 8, sizeof word);
    low += word & 0xffffffff;
    high += word >> 32;
  }
  std::uint64_t sum = low + high;
  at += words * 8;
  if ((size & 4) != 0) {
    std::uint32_t word;
    std::memcpy(&word, at, sizeof word);
    sum += word;
    at += 4;
  }
  if ((size & 2) != 0) {
    std::uint16_t word;
    std::memcpy(&word, at, sizeof word);
    sum += word;
    at += 2;
  }
  if ((size & 1) != 0) sum += *at;
  return sum;
}

std::uint16_t fold(std::uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

}  // namespace

void InternetSum::add(Bytes bytes) {
  const std::uint64_t piece = sum_bytes(bytes.data(), bytes.size());
  // A piece that begins inside a word has its bytes in the other halves of the words.
  sum_ += odd_ ? __builtin_bswap16(fold(piece)) : piece;
  odd_ ^= (bytes.size() & 1) != 0;
}

// The prefix of an IPv4-mapped address adds 0xffff, which is zero to this sum.
void InternetSum::add(const IpAddress& address) {
  sum_ += sum_bytes(address.bytes().data(), address.bytes().size());
}

void InternetSum::add_chain(const rte_mbuf& packet, std::size_t offset) {
  for (const rte_mbuf* mbuf = &packet; mbuf != nullptr; mbuf = mbuf->next) {
    if (offset >= mbuf->data_len) {
      offset -= mbuf->data_len;
      continue;
    }
    add({rte_pktmbuf_mtod_offset(mbuf, const std::uint8_t*, offset), mbuf->data_len - offset});
    offset = 0;
  }
}

std::uint16_t InternetSum::sum() const {
  return __builtin_bswap16(fold(sum_));
}

InternetSum pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                              std::uint8_t protocol, std::uint32_t length) {
  InternetSum sum;
  sum.add(source);
  sum.add(destination);
  sum.add_word(protocol);
  sum.add_word(static_cast<std::uint16_t>(length >> 16));
  sum.add_word(static_cast<std::uint16_t>(length));
  return sum;
}

std::uint16_t updated_checksum(std::uint16_t checksum, std::uint16_t old_value,
                               std::uint16_t new_value) {
  const std::uint64_t sum = std::uint64_t{static_cast<std::uint16_t>(~checksum)} +
                            static_cast<std::uint16_t>(~old_value) + new_value;
  return static_cast<std::uint16_t>(~fold(sum));
}

}  // namespace sluice::wire
