#include "http/fuzz/input.h"

#include <cstdlib>

#include "dataplane/testing/eal.h"

namespace sluice::http::fuzz {

PacketPool& pool() {
  static PacketPool* const pool = [] {
    sluice::testing::start_eal();
    return new PacketPool("fuzz", 8192);
  }();
  return *pool;
}

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace sluice::http::fuzz
