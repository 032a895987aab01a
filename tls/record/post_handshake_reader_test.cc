#include "tls/record/post_handshake_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "dataplane/testing/eal.h"

namespace sluice::tls {
namespace {

using namespace std::string_literals;  // NOLINT(google-build-using-namespace): bytes with zeros

class PostHandshake : public ::testing::Test {
 public:
  PostHandshakeReader::Result read(const std::string& record, bool as_client = false) {
    return reader.read(ByteChain(pool.packet(record)), as_client);
  }
  sluice::testing::TestPool pool{64};
  PostHandshakeReader reader;
};

const std::string kUpdate = "\x18\0\0\1\0"s;
const std::string kUpdateRequested = "\x18\0\0\1\1"s;
const std::string kTicket = "\x04\0\0\7ticket!"s;

TEST_F(PostHandshake, KeyUpdatesAreTold) {
  auto result = read(kUpdate);
  EXPECT_FALSE(result.refused);
  EXPECT_TRUE(result.key_updated);
  EXPECT_FALSE(result.update_requested);
  result = read(kUpdateRequested, true);
  EXPECT_TRUE(result.key_updated);
  EXPECT_TRUE(result.update_requested);
  EXPECT_FALSE(reader.inside_message());
}

TEST_F(PostHandshake, AMessageMayComeInManyRecords) {
  for (std::size_t i = 0; i + 1 < kUpdate.size(); ++i) {
    const auto result = read(kUpdate.substr(i, 1));
    EXPECT_FALSE(result.refused || result.key_updated);
    EXPECT_TRUE(reader.inside_message());
  }
  EXPECT_TRUE(read(kUpdate.substr(4)).key_updated);
}

TEST_F(PostHandshake, NothingMayFollowAKeyUpdateInItsRecord) {
  EXPECT_EQ(read(kUpdate + kUpdate).refused, Alert::kUnexpectedMessage);
}

TEST_F(PostHandshake, AKeyUpdateOfAnotherSizeOrValueIsRefused) {
  EXPECT_EQ(read("\x18\0\0\2\0\0"s).refused, Alert::kDecodeError);
  EXPECT_EQ(PostHandshakeReader().read(ByteChain(pool.packet("\x18\0\0\1\2"s)), false).refused,
            Alert::kIllegalParameter);
}

TEST_F(PostHandshake, ClientsPassOverTickets) {
  const auto result = read(kTicket + kTicket + kUpdate, true);
  EXPECT_FALSE(result.refused);
  EXPECT_TRUE(result.key_updated);
  EXPECT_FALSE(read(kTicket.substr(0, 6), true).refused);
  EXPECT_TRUE(reader.inside_message());
  EXPECT_FALSE(read(kTicket.substr(6), true).refused);
  EXPECT_FALSE(reader.inside_message());
}

TEST_F(PostHandshake, AnythingElseIsRefused) {
  EXPECT_EQ(read(kTicket, false).refused, Alert::kUnexpectedMessage);
  EXPECT_EQ(read("").refused, Alert::kUnexpectedMessage);
  for (const std::string& type : {"\0"s, "\1"s, "\2"s, "\xd"s, "\x14"s}) {
    PostHandshakeReader other;
    EXPECT_EQ(other.read(ByteChain(pool.packet(type + "\0\0\0"s)), true).refused,
              Alert::kUnexpectedMessage);
  }
}

}  // namespace
}  // namespace sluice::tls
