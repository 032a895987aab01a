#include "dataplane/worker/fleet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/testing/eal.h"

namespace sluice::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

FleetSettings settings_with(std::initializer_list<const char*> devices) {
  testing::start_eal();
  FleetSettings settings;
  settings.workers = 2;
  settings.buffers_per_worker = 4096;
  settings.tcp.max_connections = 256;
  settings.tcp.max_half_open = 256;
  settings.tcp.max_time_wait = 256;
  std::uint8_t subnet = 0;
  for (const char* device : devices) {
    InterfaceSettings interface;
    interface.name = device;
    interface.devices = {port::parse_device_name(device)};
    interface.addresses = {{wire::IpAddress::v4(198, 18, subnet++, 1), 24}};
    settings.interfaces.push_back(interface);
  }
  return settings;
}

TEST(Fleet, DealsPortsOfOneQueueOutToTheWorkers) {
  const Fleet fleet(settings_with({"ring:fleet-a", "ring:fleet-b", "ring:fleet-c"}));
  ASSERT_EQ(fleet.size(), 2U);
  ASSERT_EQ(fleet.ports().size(), 3U);
  EXPECT_EQ(fleet.ports()[0]->queues().worker_of(0), 0U);
  EXPECT_EQ(fleet.ports()[1]->queues().worker_of(0), 1U);
  EXPECT_EQ(fleet.ports()[2]->queues().worker_of(0), 0U);
  EXPECT_THAT(fleet.port_table(), HasSubstr("ring:fleet-c"));
}

TEST(Fleet, TellsEachChangeOfALinkOnce) {
  Fleet fleet(settings_with({"ring:fleet-l"}));
  EXPECT_THAT(fleet.watch_links(), ElementsAre(port::PortId(0)));
  EXPECT_THAT(fleet.watch_links(), IsEmpty());
}

TEST(Fleet, AFailureLeavesNothingBehind) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      const Fleet fleet(settings_with({"ring:fleet-f", "af_packet:nosuchif0"}));
      FAIL() << "made";
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("nosuchif0 does not exist"));
    }
  }
  EXPECT_NO_THROW(Fleet(settings_with({"ring:fleet-f"})));
}

TEST(Fleet, TooLittleMemoryIsSaidSo) {
  FleetSettings settings = settings_with({"ring:fleet-m"});
  settings.buffers_per_worker = 10'000'000;
  try {
    const Fleet fleet(settings);
    FAIL() << "made";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot allocate 10000000 packet buffers"));
  }
}

}  // namespace
}  // namespace sluice::worker
