#include "deploy/testbed/impaired_link/too_big_answer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace sluice::testbed {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint8_t kDontFragment = 0x40;

class TooBigAnswerTest : public ::testing::Test {
 protected:
  Frame frame_of(const Bytes& bytes) {
    Frame frame = std::move(pool_.take().value());
    std::ranges::copy(bytes, frame.buffer().begin());
    frame.resize(bytes.size());
    return frame;
  }

  FramePool pool_{4};
};

Bytes ethernet(std::uint16_t type) {
  Bytes frame = {2, 0, 0, 0, 0, 0xd, 2, 0, 0, 0, 0, 5};
  frame.push_back(static_cast<std::uint8_t>(type >> 8));
  frame.push_back(static_cast<std::uint8_t>(type));
  return frame;
}

/// From 198.18.0.1 to 198.18.0.2, 1500 bytes.
Bytes ipv4_frame(std::uint8_t flags, std::uint8_t protocol = 6) {
  Bytes frame = ethernet(0x0800);
  const Bytes header = {0x45, 0, 0x05, 0xdc, 0, 1, flags, 0,  64, protocol,
                        0,    0, 198,  18,   0, 1, 198,   18, 0,  2};
  frame.insert(frame.end(), header.begin(), header.end());
  for (std::size_t i = 20; i < 1500; ++i) frame.push_back(static_cast<std::uint8_t>(i));
  return frame;
}

/// From 2001:db8::1 to 2001:db8::2, 1500 bytes.
Bytes ipv6_frame(std::uint8_t next) {
  Bytes frame = ethernet(0x86dd);
  Bytes header = {0x60, 0, 0, 0, 0x05, 0xb4, next, 64};
  for (const std::uint8_t last : {std::uint8_t{1}, std::uint8_t{2}}) {
    const Bytes address = {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last};
    header.insert(header.end(), address.begin(), address.end());
  }
  frame.insert(frame.end(), header.begin(), header.end());
  for (std::size_t i = 40; i < 1500; ++i) frame.push_back(static_cast<std::uint8_t>(i));
  return frame;
}

/// The complement of the one's complement sum; 0 when the checksum under it is right.
unsigned checksum(const Bytes& bytes) {
  unsigned sum = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    sum += at % 2 == 0 ? unsigned{bytes[at]} << 8 : unsigned{bytes[at]};
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

Bytes slice(Frame& frame, std::size_t from, std::size_t to) {
  const auto bytes = frame.bytes();
  return {bytes.begin() + static_cast<std::ptrdiff_t>(from),
          bytes.begin() + static_cast<std::ptrdiff_t>(to)};
}

TEST_F(TooBigAnswerTest, Ipv4NamesTheMtuToTheSender) {
  const Bytes sent = ipv4_frame(kDontFragment);
  Frame frame = frame_of(sent);
  ASSERT_TRUE(turn_into_too_big_answer(frame, 1000));
  ASSERT_EQ(frame.size(), 14U + 576);
  EXPECT_EQ(slice(frame, 0, 12), (Bytes{2, 0, 0, 0, 0, 5, 2, 0, 0, 0, 0, 0xd}));
  EXPECT_EQ(slice(frame, 26, 34), (Bytes{198, 18, 0, 2, 198, 18, 0, 1}));
  EXPECT_EQ(checksum(slice(frame, 14, 34)), 0U);
  EXPECT_EQ(checksum(slice(frame, 34, 590)), 0U);
  EXPECT_EQ(slice(frame, 34, 36), (Bytes{3, 4}));
  EXPECT_EQ(slice(frame, 38, 42), (Bytes{0, 0, 0x03, 0xe8}));
  EXPECT_TRUE(std::equal(sent.begin() + 14, sent.begin() + 14 + 548, frame.bytes().begin() + 42));
}

TEST_F(TooBigAnswerTest, Ipv6NamesTheMtuToTheSender) {
  const Bytes sent = ipv6_frame(6);
  Frame frame = frame_of(sent);
  ASSERT_TRUE(turn_into_too_big_answer(frame, 1280));
  ASSERT_EQ(frame.size(), 14U + 1280);
  EXPECT_EQ(frame.bytes()[14 + 23], 2);  // source: what was the destination
  EXPECT_EQ(frame.bytes()[14 + 39], 1);
  EXPECT_EQ(slice(frame, 54, 56), (Bytes{2, 0}));
  EXPECT_EQ(slice(frame, 58, 62), (Bytes{0, 0, 0x05, 0}));
  Bytes summed = slice(frame, 14 + 8, 14 + 40);
  const Bytes rest = {0, 0, 0x04, 0xd8, 0, 0, 0, 58};
  summed.insert(summed.end(), rest.begin(), rest.end());
  const Bytes message = slice(frame, 54, 14 + 1280);
  summed.insert(summed.end(), message.begin(), message.end());
  EXPECT_EQ(checksum(summed), 0U);
  EXPECT_TRUE(std::equal(sent.begin() + 14, sent.begin() + 14 + 1232, frame.bytes().begin() + 62));
}

TEST_F(TooBigAnswerTest, SomeFramesAreNotAnswered) {
  Bytes group = ipv4_frame(kDontFragment);
  group[14 + 16] = 224;
  Bytes fragment = ipv4_frame(kDontFragment);
  fragment[14 + 7] = 1;
  Bytes stub = ethernet(0x0800);
  stub.push_back(0x45);
  for (const Bytes& silent : {ipv4_frame(0), ipv4_frame(kDontFragment, 1), group, fragment, stub,
                              ipv6_frame(58), ethernet(0x86dd), ethernet(0x0806), Bytes{1, 2, 3}}) {
    Frame frame = frame_of(silent);
    EXPECT_FALSE(turn_into_too_big_answer(frame, 1000));
    EXPECT_EQ(slice(frame, 0, frame.size()), silent);
  }
}

}  // namespace
}  // namespace sluice::testbed
