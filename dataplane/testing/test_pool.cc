#include <gtest/gtest.h>
#include <rte_mempool.h>

#include <atomic>

#include "dataplane/testing/eal.h"

namespace sluice::testing {
namespace {

std::string next_pool_name() {
  start_eal();
  static std::atomic<int> count{0};
  return "test" + std::to_string(count++);
}

std::string bytes_of_buffers(const rte_mbuf* mbuf) {
  std::string bytes;
  for (; mbuf != nullptr; mbuf = mbuf->next) {
    bytes.append(rte_pktmbuf_mtod(mbuf, const char*), mbuf->data_len);
  }
  return bytes;
}

}  // namespace

TestPool::TestPool(std::uint32_t buffers) : pool_(next_pool_name(), buffers) {}

TestPool::~TestPool() {
  EXPECT_EQ(rte_mempool_avail_count(pool_.data_pool()), pool_.capacity()) << "buffers leaked";
}

Packet TestPool::packet(std::string_view bytes) {
  return pool_.copy({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

std::string bytes_of(const Packet& packet) {
  return bytes_of_buffers(packet.get());
}
std::string bytes_of(const ByteChain& chain) {
  return bytes_of_buffers(chain.head());
}

}  // namespace sluice::testing
