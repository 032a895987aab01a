#include "dataplane/port/kernel_interface.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::port {
namespace {

// The loopback interface is the one that every machine and namespace has.
TEST(KernelInterface, ReadsWhatExists) {
  const auto loopback = find_kernel_interface("lo");
  ASSERT_TRUE(loopback);
  EXPECT_EQ(loopback->index, 1U);
  EXPECT_EQ(loopback->mac, wire::MacAddress{});
  EXPECT_GE(loopback->mtu, 1500);
  EXPECT_GE(loopback->combined_queues, 1);
  EXPECT_THAT(kernel_interface_names(), ::testing::Contains("lo"));
}

TEST(KernelInterface, NothingOfAnUnknownName) {
  EXPECT_FALSE(find_kernel_interface("nosuchif0"));
  EXPECT_FALSE(set_interface_up("nosuchif0"));
  EXPECT_THAT(kernel_addresses("nosuchif0"), ::testing::IsEmpty());
  EXPECT_FALSE(kernel_forwards("nosuchif0"));
}

TEST(KernelInterface, ListsTheKernelsAddresses) {
  if (!find_kernel_interface("lo")->up) GTEST_SKIP() << "loopback is down here";
  EXPECT_THAT(kernel_addresses("lo"), ::testing::Contains("127.0.0.1"));
}

}  // namespace
}  // namespace sluice::port
