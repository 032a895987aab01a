#include "dataplane/testing/fuzz_input.h"

#include "dataplane/testing/eal.h"

namespace sluice::testing {

PacketPool& fuzz_pool() {
  static PacketPool* const pool = [] {
    start_eal();
    return new PacketPool("fuzz", 8192);
  }();
  return *pool;
}

}  // namespace sluice::testing
