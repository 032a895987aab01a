// What finding a flow costs, by how many there are: hits and misses, one after the other and in
// bursts of which all buckets are called for first; beside DPDK's rte_hash with the same keys. The
// flow table leaves keys to its caller: here they are compared in an array, as in the connections.
#include <benchmark/benchmark.h>
#include <rte_hash.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <vector>

#include "dataplane/tcp/flow_table.h"
#include "dataplane/testing/eal.h"
#include "dataplane/wire/flow.h"

namespace sluice::micro {
namespace {

constexpr std::size_t kBurst = 32;
constexpr HashKey kKey{1, 2};

/// The n-th of clients that come from everywhere.
wire::FlowKey flow(std::uint64_t n) {
  const std::uint64_t mixed = n * 0x9e3779b97f4a7c15U;
  const auto octet = [mixed](unsigned shift) { return static_cast<std::uint8_t>(mixed >> shift); };
  return {.local = wire::IpAddress::v4(198, 18, 0, 1),
          .remote = wire::IpAddress::v4(octet(32), octet(40), octet(48), octet(56)),
          .local_port = 443,
          .remote_port = static_cast<std::uint16_t>(n)};
}

/// Keys to ask for, more than caches hold, in an order that no table knows.
std::vector<wire::FlowKey> questions(std::uint64_t flows, bool present) {
  constexpr std::uint64_t kMost = 1 << 20;
  std::vector<wire::FlowKey> result;
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < kMost; ++i) {
    at = at * 6364136223846793005U + 1442695040888963407U;
    result.push_back(flow((at >> 20) % flows + (present ? 0 : flows)));
  }
  return result;
}

class OurTable {
 public:
  explicit OurTable(std::uint32_t flows) : table_(flows) {
    for (std::uint32_t i = 0; i < flows; ++i) {
      keys_.push_back(flow(i));
      if (!table_.insert(hash(keys_.back()), {tcp::FlowKind::kConnection, i})) {
        throw std::logic_error("the table is full");
      }
    }
  }

  std::size_t find(const wire::FlowKey& key) const { return find(key, hash(key)); }

  std::size_t find_all(std::span<const wire::FlowKey, kBurst> keys) const {
    std::array<std::uint64_t, kBurst> hashes;
    for (std::size_t i = 0; i < kBurst; ++i) {
      hashes[i] = hash(keys[i]);
      table_.prefetch(hashes[i]);
    }
    std::size_t found = 0;
    for (std::size_t i = 0; i < kBurst; ++i) found += find(keys[i], hashes[i]);
    return found;
  }

 private:
  static std::uint64_t hash(const wire::FlowKey& key) { return wire::flow_hash(kKey, key); }

  std::size_t find(const wire::FlowKey& key, std::uint64_t hash) const {
    const auto is_it = [&](tcp::FlowRef ref) { return keys_[ref.index()] == key; };
    return table_.find(hash, is_it).kind() == tcp::FlowKind::kConnection ? 1 : 0;
  }

  tcp::FlowTable table_;
  std::vector<wire::FlowKey> keys_;
};

std::uint32_t hash_for_dpdk(const void* key, std::uint32_t size, std::uint32_t /*seed*/) {
  return static_cast<std::uint32_t>(keyed_hash(kKey, key, size));
}

class DpdkTable {
 public:
  explicit DpdkTable(std::uint32_t flows) {
    rte_hash_parameters parameters{};
    parameters.name = "flows";
    parameters.entries = flows;
    parameters.key_len = sizeof(wire::FlowKey);
    parameters.hash_func = hash_for_dpdk;
    parameters.extra_flag = RTE_HASH_EXTRA_FLAGS_EXT_TABLE;
    table_.reset(rte_hash_create(&parameters));
    if (table_ == nullptr) throw std::runtime_error("rte_hash_create() failed");
    for (std::uint32_t i = 0; i < flows; ++i) {
      const wire::FlowKey key = flow(i);
      if (rte_hash_add_key(table_.get(), &key) < 0) throw std::logic_error("the table is full");
    }
  }

  std::size_t find(const wire::FlowKey& key) const {
    return rte_hash_lookup(table_.get(), &key) >= 0 ? 1 : 0;
  }

  std::size_t find_all(std::span<const wire::FlowKey, kBurst> keys) const {
    std::array<const void*, kBurst> pointers;
    std::array<std::int32_t, kBurst> places;
    for (std::size_t i = 0; i < kBurst; ++i) pointers[i] = &keys[i];
    rte_hash_lookup_bulk(table_.get(), pointers.data(), kBurst, places.data());
    std::size_t found = 0;
    for (const std::int32_t place : places) found += place >= 0 ? 1 : 0;
    return found;
  }

 private:
  struct Free {
    void operator()(rte_hash* table) const { rte_hash_free(table); }
  };
  std::unique_ptr<rte_hash, Free> table_;
};

template <typename Table>
void look_up(benchmark::State& state, bool present, bool in_bursts) {
  testing::start_eal();
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  const Table table(flows);
  const std::vector<wire::FlowKey> keys = questions(flows, present);
  std::size_t at = 0;
  std::size_t found = 0;
  while (state.KeepRunningBatch(kBurst)) {
    const std::span<const wire::FlowKey, kBurst> burst(&keys[at], kBurst);
    if (in_bursts) {
      found += table.find_all(burst);
    } else {
      for (const wire::FlowKey& key : burst) found += table.find(key);
    }
    at = (at + kBurst) % keys.size();
  }
  const auto asked = static_cast<std::size_t>(state.iterations());
  if (found != (present ? asked : 0)) state.SkipWithError("not what is in the table");
}

void our_table(benchmark::State& state, bool present, bool in_bursts) {
  look_up<OurTable>(state, present, in_bursts);
}
void rte_hash_table(benchmark::State& state, bool present, bool in_bursts) {
  look_up<DpdkTable>(state, present, in_bursts);
}

// What EAL has here of memory is enough for a million keys of rte_hash.
void small(benchmark::internal::Benchmark* benchmark) {
  benchmark->Arg(1'000)->Arg(30'000)->Arg(1'000'000);
}
void by_size(benchmark::internal::Benchmark* benchmark) {
  small(benchmark);
  benchmark->Arg(10'000'000);
}

BENCHMARK_CAPTURE(our_table, hit, true, false)->Apply(by_size);
BENCHMARK_CAPTURE(our_table, hit_in_bursts, true, true)->Apply(by_size);
BENCHMARK_CAPTURE(our_table, miss_in_bursts, false, true)->Apply(by_size);
BENCHMARK_CAPTURE(rte_hash_table, hit, true, false)->Apply(small);
BENCHMARK_CAPTURE(rte_hash_table, hit_in_bursts, true, true)->Apply(small);
BENCHMARK_CAPTURE(rte_hash_table, miss_in_bursts, false, true)->Apply(small);

}  // namespace
}  // namespace sluice::micro

BENCHMARK_MAIN();
