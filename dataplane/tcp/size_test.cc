// What must stay small for there to be many of it.
#include <gtest/gtest.h>

#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/flow_table.h"

namespace sluice::tcp {
namespace {

// With nothing in flight and nothing out of order a connection has its object, its place in its
// pool's list and its entry in the flow table, whatever size the table was rounded up to.
TEST(Size, AnIdleConnectionCostsAtMost512BytesInTotal) {
  for (const std::uint32_t connections : {1000U, 10'000U, 100'000U, 1'000'000U, 2'000'000U}) {
    const std::size_t table = FlowTable(connections).bytes() / connections;
    EXPECT_LE(sizeof(Connection) + sizeof(ObjectPool<Connection>::Index) + table + 1, 512U)
        << connections;
  }
}

}  // namespace
}  // namespace sluice::tcp
