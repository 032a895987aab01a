#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "dataplane/wire/tcp.h"

namespace sluice::wire {
namespace {

TEST(TcpHeader, RefusesWhatIsShorterThanItSays) {
  std::array<std::uint8_t, 24> bytes{};
  bytes[12] = 0x60;
  EXPECT_TRUE(TcpHeader::parse(bytes));
  EXPECT_FALSE(TcpHeader::parse(Bytes(bytes).first(23)));
  EXPECT_FALSE(TcpHeader::parse(Bytes(bytes).first(19)));
  bytes[12] = 0x40;
  EXPECT_FALSE(TcpHeader::parse(bytes));
}

TEST(TcpHeader, ReadsWhatWasWritten) {
  std::array<std::uint8_t, 20> bytes{};
  write_tcp_header(bytes.data(), {1, 65535, 0xfffffffe, 7, kSyn | kAck, 512}, 0);
  const auto header = TcpHeader::parse(bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->source_port(), 1);
  EXPECT_EQ(header->destination_port(), 65535);
  EXPECT_EQ(header->sequence(), 0xfffffffe);
  EXPECT_EQ(header->acknowledgment(), 7U);
  EXPECT_EQ(header->flags(), kSyn | kAck);
  EXPECT_EQ(header->window(), 512);
}

void expect_round_trip(const TcpOptions& options) {
  std::vector<std::uint8_t> bytes(options.size());
  options.write(bytes.data());
  EXPECT_EQ(bytes.size() % 4, 0U);
  const TcpOptions read = TcpOptions::parse(bytes);
  EXPECT_EQ(read.maximum_segment_size, options.maximum_segment_size);
  EXPECT_EQ(read.window_scale, options.window_scale);
  EXPECT_EQ(read.sack_permitted, options.sack_permitted);
  EXPECT_EQ(read.timestamps.has_value(), options.timestamps.has_value());
  if (options.timestamps) {
    EXPECT_EQ(read.timestamps->value, options.timestamps->value);
    EXPECT_EQ(read.timestamps->echo, options.timestamps->echo);
  }
  EXPECT_TRUE(std::ranges::equal(read.sack.all(), options.sack.all()));
}

TEST(TcpOptions, EveryCombinationReadsBackAligned) {
  for (unsigned set = 0; set < 16; ++set) {
    TcpOptions options;
    if ((set & 1) != 0) options.maximum_segment_size = 1460;
    if ((set & 2) != 0) options.window_scale = 7;
    if ((set & 4) != 0) options.timestamps = {{1, 2}};
    options.sack_permitted = (set & 8) != 0;
    expect_round_trip(options);
  }
}

TEST(TcpOptions, SackBlocksReadBackInOrderAlsoBesideTimestamps) {
  for (const bool timestamps : {false, true}) {
    TcpOptions options;
    if (timestamps) options.timestamps = {{1, 2}};
    const std::size_t most = TcpOptions::most_sack_blocks(timestamps);
    for (std::uint32_t i = 0; i < most; ++i) options.sack.add({i * 10, i * 10 + 5});
    EXPECT_LE(options.size(), TcpHeader::kMaximumSize - TcpHeader::kMinimumSize);
    expect_round_trip(options);
  }
}

TEST(TcpOptions, ASackOptionWithHalfABlockIsIgnored) {
  const std::vector<std::uint8_t> half{5, 6, 0, 0, 0, 1, 1, 1};
  EXPECT_TRUE(TcpOptions::parse(half).sack.empty());
}

TEST(TcpOptions, StopsAtAFaultAndKeepsWhatCameBefore) {
  const std::vector<std::uint8_t> bad_length{2, 4, 5, 0xb4, 3, 0, 7};
  EXPECT_EQ(TcpOptions::parse(bad_length).maximum_segment_size, 1460);
  EXPECT_FALSE(TcpOptions::parse(bad_length).window_scale);
  const std::vector<std::uint8_t> beyond_end{3, 3};
  EXPECT_FALSE(TcpOptions::parse(beyond_end).window_scale);
  const std::vector<std::uint8_t> kind_only{8};
  EXPECT_FALSE(TcpOptions::parse(kind_only).timestamps);
}

TEST(TcpOptions, ReadsTheShiftAsAtMostFourteen) {
  const std::vector<std::uint8_t> bytes{3, 3, 255};
  EXPECT_EQ(TcpOptions::parse(bytes).window_scale, 14);
}

}  // namespace
}  // namespace sluice::wire
