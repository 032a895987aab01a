#include "dataplane/port/device_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::port {
namespace {

using ::testing::HasSubstr;

std::string refusal_of(std::string_view text) {
  try {
    parse_device_name(text);
  } catch (const DeviceNameError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(DeviceName, ReadsPciAddressWithAndWithoutDomain) {
  EXPECT_EQ(parse_device_name("0000:3b:00.0").kind, DeviceKind::kPci);
  EXPECT_EQ(parse_device_name("3B:00.1").target, "0000:3b:00.1");
}

TEST(DeviceName, ReadsEveryKind) {
  EXPECT_EQ(parse_device_name("af_xdp:eth1").kind, DeviceKind::kAfXdp);
  EXPECT_EQ(parse_device_name("af_packet:eth1.100").target, "eth1.100");
  EXPECT_EQ(parse_device_name("tap:sl0").kind, DeviceKind::kTap);
  EXPECT_EQ(parse_device_name("memif:/run/x.sock").target, "/run/x.sock");
  EXPECT_EQ(parse_device_name("vhost-user:/run/sluice/web1.sock").kind, DeviceKind::kVhostUser);
  EXPECT_EQ(parse_device_name("ring:a").kind, DeviceKind::kRing);
}

TEST(DeviceName, ReadsOptions) {
  const DeviceName memif = parse_device_name(
      "memif:/run/x.sock,role=client,id=7,queues=2,mtu=9000,zero-copy=yes,checksums=no,"
      "mac=02:00:00:00:00:05");
  EXPECT_EQ(memif.role, MemifRole::kClient);
  EXPECT_EQ(memif.memif_id, 7U);
  EXPECT_EQ(memif.memif_mtu, 9000U);
  EXPECT_TRUE(memif.memif_zero_copy);
  EXPECT_FALSE(memif.memif_checksums);
  EXPECT_EQ(memif.queues, 2U);
  ASSERT_TRUE(memif.mac);
  EXPECT_EQ(memif.mac->bytes[5], 5);
}

TEST(DeviceName, DefaultsAreServerIdZeroAndNoQueueLimit) {
  const DeviceName memif = parse_device_name("memif:/run/x.sock");
  EXPECT_EQ(memif.role, MemifRole::kServer);
  EXPECT_EQ(memif.memif_id, 0U);
  EXPECT_EQ(memif.memif_mtu, 1500U);
  EXPECT_FALSE(memif.memif_zero_copy);
  EXPECT_TRUE(memif.memif_checksums);
  EXPECT_EQ(memif.queues, 0U);
  EXPECT_FALSE(memif.mac);
}

TEST(DeviceName, SuggestsTheNearestKind) {
  EXPECT_THAT(refusal_of("af_pakcet:eth1"), HasSubstr("did you mean \"af_packet\"?"));
  EXPECT_THAT(refusal_of("afxdp:eth1"), HasSubstr("did you mean \"af_xdp\"?"));
  EXPECT_THAT(refusal_of("vhost:/run/x"), HasSubstr("did you mean \"vhost-user\"?"));
  EXPECT_THAT(refusal_of("netmap:eth1"), HasSubstr("known are af_xdp:..."));
}

TEST(DeviceName, TellsHowToWriteABareInterfaceOrPath) {
  EXPECT_THAT(refusal_of("eth1"), HasSubstr("\"af_xdp:eth1\" or \"af_packet:eth1\""));
  EXPECT_THAT(refusal_of("/run/x.sock"), HasSubstr("\"vhost-user:/run/x.sock\""));
  EXPECT_THAT(refusal_of("tap"), HasSubstr("\"tap:...\""));
  EXPECT_THAT(refusal_of(""), HasSubstr("missing"));
}

TEST(DeviceName, RefusesTargetsThatCannotBe) {
  EXPECT_THAT(refusal_of("af_xdp:"), HasSubstr("missing"));
  EXPECT_THAT(refusal_of("af_xdp:an_interface_name_too_long"), HasSubstr("15 characters"));
  EXPECT_THAT(refusal_of("af_packet:a/b"), HasSubstr("cannot be the name"));
  EXPECT_THAT(refusal_of("memif:x.sock"), HasSubstr("absolute, such as /run/sluice/x.sock"));
  EXPECT_THAT(refusal_of("vhost-user:/run/"), HasSubstr("missing"));
  EXPECT_THAT(refusal_of("vhost-user:/" + std::string(107, 'a')), HasSubstr("107"));
  EXPECT_THAT(refusal_of("vhost-user:/run/a b"), HasSubstr("letters, digits"));
  EXPECT_THAT(refusal_of("ring:a-name-that-is-long"), HasSubstr("1 to 12"));
}

TEST(DeviceName, RefusesOptionsOfOtherKindsAndTellsTheOwn) {
  EXPECT_THAT(refusal_of("tap:sl0,role=client"), HasSubstr("queues=N, mac=ADDRESS"));
  EXPECT_THAT(refusal_of("af_xdp:eth1,mac=02:00:00:00:00:01"), HasSubstr("unknown option"));
  EXPECT_THAT(refusal_of("memif:/run/x,role=master"), HasSubstr("server"));
  EXPECT_THAT(refusal_of("memif:/run/x,"), HasSubstr("unknown option"));
}

TEST(DeviceName, RefusesValuesOutOfRange) {
  EXPECT_THAT(refusal_of("ring:a,queues=0"), HasSubstr("from 1 to 64"));
  EXPECT_THAT(refusal_of("ring:a,queues=65"), HasSubstr("from 1 to 64"));
  EXPECT_THAT(refusal_of("ring:a,queues=2x"), HasSubstr("from 1 to 64"));
  EXPECT_THAT(refusal_of("memif:/run/x,id=4294967296"), HasSubstr("id must be"));
  EXPECT_THAT(refusal_of("memif:/run/x,mtu=575"), HasSubstr("from 576 to 65535"));
  EXPECT_THAT(refusal_of("memif:/run/x,mtu=65536"), HasSubstr("from 576 to 65535"));
  EXPECT_THAT(refusal_of("memif:/run/x,role=client,zero-copy=1"), HasSubstr("yes or no"));
  EXPECT_THAT(refusal_of("memif:/run/x,zero-copy=yes"), HasSubstr("for role=client"));
  EXPECT_THAT(refusal_of("af_xdp:eth1,mtu=9000"), HasSubstr("unknown option"));
  EXPECT_THAT(refusal_of("ring:a,mac=01:00:00:00:00:01"), HasSubstr("unicast"));
  EXPECT_THAT(refusal_of("ring:a,mac=0x1"), HasSubstr("must look like"));
}

}  // namespace
}  // namespace sluice::port
