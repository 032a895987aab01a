#include "dataplane/wire/ipv4.h"

#include "dataplane/wire/checksum.h"

namespace sluice::wire {
namespace {

enum OptionKind : std::uint8_t {
  kEndOfList = 0,
  kNoOperation = 1,
  kLooseSourceRoute = 131,
  kStrictSourceRoute = 137,
};

constexpr std::uint16_t kDontFragment = 0x4000;

}  // namespace

bool Ipv4Header::checksum_verifies() const {
  InternetSum sum;
  sum.add(bytes_);
  return sum.verifies();
}

bool Ipv4Header::has_source_route() const {
  Bytes options = bytes_.subspan(kMinimumSize);
  while (!options.empty() && options[0] != kEndOfList) {
    if (options[0] == kLooseSourceRoute || options[0] == kStrictSourceRoute) return true;
    std::size_t size = 1;
    if (options[0] != kNoOperation) {
      if (options.size() < 2 || options[1] < 2 || options[1] > options.size()) return true;
      size = options[1];
    }
    options = options.subspan(size);
  }
  return false;
}

void write_ipv4_header(std::uint8_t* out, const Ipv4HeaderFields& fields) {
  out[0] = 0x45;
  out[1] = fields.traffic_class;
  store_be16(out + 2, fields.total_length);
  store_be16(out + 4, 0);
  store_be16(out + 6, kDontFragment);
  out[8] = fields.ttl;
  out[9] = fields.protocol;
  store_be16(out + 10, 0);
  std::memcpy(out + 12, fields.source.v4_bytes(), 4);
  std::memcpy(out + 16, fields.destination.v4_bytes(), 4);
}

void mend_reassembled_ipv4(std::uint8_t* header, std::uint16_t total_length) {
  store_be16(header + 2, total_length);
  store_be16(header + 6, 0);
  store_be16(header + 10, 0);
  InternetSum sum;
  sum.add({header, static_cast<std::size_t>(header[0] & 0x0f) * 4});
  store_be16(header + 10, sum.checksum());
}

void finish_ipv4_checksum(std::uint8_t* header) {
  InternetSum sum;
  sum.add({header, Ipv4Header::kMinimumSize});
  store_be16(header + 10, sum.checksum());
}

}  // namespace sluice::wire
