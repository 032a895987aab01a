#pragma once

#include <cstdint>
#include <string>

#include <string_view>

#include "dataplane/buffer/byte_chain.h"
#include "dataplane/buffer/packet_pool.h"

/// What the unit tests of all layers share. Not part of the program.
namespace sluice::testing {

/// Starts EAL once in the test's process: no hugepages, no devices, 256 MiB.
void start_eal();

/// A pool for a test, with EAL started. Expects every buffer back when the test ends: a leak fails
/// the test.
class TestPool {
 public:
  explicit TestPool(std::uint32_t buffers = 1024);
  ~TestPool();
  TestPool(const TestPool&) = delete;
  TestPool& operator=(const TestPool&) = delete;

  PacketPool& operator*() { return pool_; }
  PacketPool* operator->() { return &pool_; }

  /// A packet with these bytes.
  Packet packet(std::string_view bytes);

 private:
  PacketPool pool_;
};

/// All bytes of a chain of buffers.
std::string bytes_of(const Packet& packet);
std::string bytes_of(const ByteChain& chain);

}  // namespace sluice::testing
