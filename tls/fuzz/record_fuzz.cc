// Records as the input says: sealed from pieces of any size, cut anywhere, in shared buffers or
// not, damaged, out of order, or never sealed at all. What was sealed opens as what it was, what
// was not is refused, and nothing is left at the end.
#include <rte_mempool.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "dataplane/testing/eal.h"
#include "dataplane/testing/fuzz_input.h"
#include "tls/record/key_schedule.h"
#include "tls/record/post_handshake_reader.h"
#include "tls/record/record_header.h"
#include "tls/record/record_opening.h"
#include "tls/record/record_sealing.h"

namespace sluice::tls {
namespace {

using sluice::testing::FuzzInput;
using sluice::testing::require;

/// Made once: what all runs share.
struct World {
  PacketPool pool{"records", 8192};
  RecordCiphers ciphers;
};

class Run {
 public:
  Run(World& world, FuzzInput script)
      : world_(world), script_(script), reserve_(world.pool), output_(reserve_) {
    const std::uint8_t kind = script_.byte();
    suite_ = {.aead = static_cast<Aead>(kind % kAeads), .tls13 = kind / kAeads % 2 == 0};
    for (TrafficKeys* keys : {&sending_, &receiving_}) set_keys(*keys);
  }

  void play() {
    while (!script_.empty()) step();
    reserve_.release();
  }

 private:
  void set_keys(TrafficKeys& keys) {
    constexpr std::array<std::uint8_t, kMaxSecretSize> kSecret = {7};
    TrafficKeys other;
    const auto secret = std::span(kSecret).first(suite_.hash_size());
    suite_.tls13 ? begin_keys(suite_, secret, keys)
                 : begin_tls12_keys(suite_, kSecret, std::array<std::uint8_t, 64>{}, keys, other);
  }

  std::size_t size_up_to(std::size_t most) { return script_.word() % (most + 1); }

  // Bytes in pieces as the input says, some of them in buffers that others refer to as well.
  ByteChain in_pieces(const std::string& bytes) {
    ByteChain chain;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = std::min(bytes.size() - at, 1 + size_up_to(2047));
      Packet piece =
          world_.pool.copy({reinterpret_cast<const std::uint8_t*>(bytes.data()) + at, size});
      require(static_cast<bool>(piece));
      const bool shared = script_.byte() % 2 == 1;
      if (shared) piece = world_.pool.share(*piece.get(), 0, static_cast<std::uint16_t>(size));
      chain.append(std::move(piece));
      at += size;
    }
    return chain;
  }

  std::string seal(const std::string& plaintext, ContentType type) {
    const ByteChain pieces = in_pieces(plaintext);
    require(seal_record(world_.ciphers, suite_, sending_, type, pieces, plaintext.size(), output_));
    const ByteChain sealed = output_.take();
    std::string record(sealed.size(), '\0');
    sealed.copy_out(0, {reinterpret_cast<std::uint8_t*>(record.data()), record.size()});
    return record;
  }

  // As a stream does: only what its header does not speak against.
  OpenedRecord open(const std::string& record) {
    ByteChain received = in_pieces(record);
    const RecordHeader header = read_record_header(received);
    const bool whole = received.size() == kRecordHeaderSize + header.size;
    if (!whole || refusal_of(suite_, header)) return {.status = OpenedRecord::Status::kRefused};
    return open_record(world_.ciphers, suite_, receiving_, std::move(received), world_.pool);
  }

  void expect(const OpenedRecord& opened, const std::string& plaintext, ContentType type) {
    require(opened.status == OpenedRecord::Status::kOpened && opened.type == type);
    std::string text(opened.plaintext.size(), '\0');
    opened.plaintext.copy_out(0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    require(text == plaintext);
    if (type == ContentType::kHandshake && !reader_refused_) {
      reader_refused_ = reader_.read(opened.plaintext, script_.byte() % 2 == 0).refused.has_value();
    }
  }

  void refuse(const OpenedRecord& opened) {
    require(opened.status == OpenedRecord::Status::kRefused && opened.plaintext.empty());
  }

  void step() {
    const std::uint8_t what = script_.byte();
    if (what % 8 == 0) {  // the peer's next keys
      if (suite_.tls13) {
        for (TrafficKeys* keys : {&sending_, &receiving_}) {
          world_.ciphers.forget(suite_.aead, std::span(keys->key).first(suite_.key_size()));
          update_keys(suite_, *keys);
        }
      }
      return;
    }
    const auto raw = script_.bytes(size_up_to(600));
    const std::string bytes(raw.begin(), raw.end());
    if (what % 8 == 1) {  // never sealed
      if (bytes.size() >= kRecordHeaderSize) refuse(open(bytes));
      return;
    }
    const ContentType type =
        what % 8 == 2 ? ContentType::kHandshake : ContentType::kApplicationData;
    const std::string plaintext = bytes + std::string(what % 8 == 3 ? size_up_to(15000) : 0, 'x');
    std::string record = seal(plaintext, type);
    if (what % 8 == 4) {
      std::string damaged = record;
      damaged[size_up_to(damaged.size() - 1)] ^= static_cast<char>(script_.byte() | 1);
      refuse(open(damaged));
    }
    if (what % 8 == 5) {  // the one behind it comes first
      const std::string next = seal("next", type);
      refuse(open(next));
      expect(open(record), plaintext, type);
      refuse(open(record));
      expect(open(next), "next", type);
      return;
    }
    expect(open(record), plaintext, type);
  }

  World& world_;
  FuzzInput script_;
  Suite suite_;
  BufferReserve reserve_;
  OutputBuffers output_;
  TrafficKeys sending_;
  TrafficKeys receiving_;
  PostHandshakeReader reader_;
  bool reader_refused_ = false;
};

}  // namespace
}  // namespace sluice::tls

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sluice::testing::start_eal();
  static sluice::tls::World world;
  sluice::tls::Run(world, {data, size}).play();
  if (rte_mempool_avail_count(world.pool.data_pool()) != world.pool.capacity()) std::abort();
  return 0;
}
