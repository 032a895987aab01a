#include "control/capture/pcapng.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <map>
#include <vector>

#include "control/capture/capture_client.h"

namespace sluice::control {
namespace {

template <typename Number>
Number at(const std::string& block, std::size_t offset) {
  Number number{};
  EXPECT_LE(offset + sizeof number, block.size());
  std::memcpy(&number, block.data() + offset, sizeof number);
  return number;
}

// Options from `offset` up to the end of options; checks that the block ends behind it.
std::map<std::uint16_t, std::string> options(const std::string& block, std::size_t offset) {
  std::map<std::uint16_t, std::string> found;
  for (;;) {
    const auto code = at<std::uint16_t>(block, offset);
    const auto size = at<std::uint16_t>(block, offset + 2);
    offset += 4;
    if (code == 0) break;
    found[code] = block.substr(offset, size);
    offset += (std::size_t{size} + 3) / 4 * 4;
  }
  EXPECT_EQ(offset + 4, block.size());
  return found;
}

void expect_block(const std::string& block, std::uint32_t type) {
  EXPECT_EQ(at<std::uint32_t>(block, 0), type);
  EXPECT_EQ(at<std::uint32_t>(block, 4), block.size());
  EXPECT_EQ(at<std::uint32_t>(block, block.size() - 4), block.size());
  EXPECT_EQ(block.size() % 4, 0U);
}

std::string packet(std::string_view bytes, std::string_view comment = {},
                   capture::Direction direction = capture::Direction::kIn) {
  return pcapng::packet(
      {.interface = 3,
       .time = 0x0102030405060708,
       .direction = direction,
       .length = 1500,
       .bytes = {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()},
       .comment = comment});
}

TEST(Pcapng, BeginsWithASectionOfUnknownLength) {
  const std::string block = pcapng::section("Sluice");
  expect_block(block, 0x0a0d0d0a);
  EXPECT_EQ(at<std::uint32_t>(block, 8), 0x1a2b3c4dU);
  EXPECT_EQ(at<std::uint16_t>(block, 12), 1);
  EXPECT_EQ(at<std::uint16_t>(block, 14), 0);
  EXPECT_EQ(at<std::int64_t>(block, 16), -1);
  EXPECT_EQ(options(block, 24).at(4), "Sluice");
}

TEST(Pcapng, AnInterfaceIsEthernetInNanoseconds) {
  const std::string block = pcapng::interface("af_packet:wan", 256);
  expect_block(block, 1);
  EXPECT_EQ(at<std::uint16_t>(block, 8), 1) << "LINKTYPE_ETHERNET";
  EXPECT_EQ(at<std::uint32_t>(block, 12), 256U);
  EXPECT_EQ(options(block, 16).at(2), "af_packet:wan");
  EXPECT_EQ(options(block, 16).at(9), std::string(1, '\x09'));
}

TEST(Pcapng, APacketHasItsTimeInTwoHalvesAndItsLengths) {
  for (const std::string bytes : {"", "a", "abc", "abcd", "abcde"}) {
    const std::string block = packet(bytes);
    expect_block(block, 6);
    EXPECT_EQ(at<std::uint32_t>(block, 8), 3U);
    EXPECT_EQ(at<std::uint32_t>(block, 12), 0x01020304U);
    EXPECT_EQ(at<std::uint32_t>(block, 16), 0x05060708U);
    EXPECT_EQ(at<std::uint32_t>(block, 20), bytes.size());
    EXPECT_EQ(at<std::uint32_t>(block, 24), 1500U);
    EXPECT_EQ(block.substr(28, bytes.size()), bytes);
    EXPECT_EQ(options(block, 28 + (bytes.size() + 3) / 4 * 4).size(), 1U);
  }
}

TEST(Pcapng, APacketTellsItsDirectionAndHasAComment) {
  const auto in = options(packet("abcd", "worker 0"), 32);
  const auto out = options(packet("abcd", {}, capture::Direction::kOut), 32);
  EXPECT_EQ(at<std::uint32_t>(in.at(2), 0), 1U);
  EXPECT_EQ(in.at(1), "worker 0");
  EXPECT_EQ(at<std::uint32_t>(out.at(2), 0), 2U);
  EXPECT_FALSE(out.contains(1));
}

TEST(Pcapng, StatisticsTellWhatWasLost) {
  const std::string block = pcapng::statistics(1, 7, 12345);
  expect_block(block, 5);
  EXPECT_EQ(at<std::uint64_t>(options(block, 20).at(5), 0), 12345U);
}

TEST(PcapngReader, GivesWholeBlocksHoweverTheyCome) {
  const std::string file = pcapng::section("Sluice") + pcapng::interface("wan", 256) +
                           packet("abcde", "worker 0") + packet("") + pcapng::statistics(0, 7, 5) +
                           pcapng::statistics(1, 7, 6);
  for (const std::size_t step : {1U, 7U, 64U, 10'000U}) {
    PcapngReader reader;
    std::string whole;
    for (std::size_t from = 0; from < file.size(); from += step) {
      whole += reader.add(std::string_view(file).substr(from, step));
    }
    EXPECT_EQ(whole, file);
    EXPECT_EQ(reader.frames(), 2U);
    EXPECT_EQ(reader.lost(), 11U);
  }
}

TEST(PcapngReader, HoldsBackABlockThatIsNotWhole) {
  PcapngReader reader;
  const std::string block = packet("abcdefgh");
  EXPECT_EQ(reader.add(block.substr(0, block.size() - 1)), "");
  EXPECT_EQ(reader.frames(), 0U);
  EXPECT_EQ(reader.add(block.substr(block.size() - 1)), block);
}

TEST(PcapngReader, RefusesWhatIsNoPcapng) {
  PcapngReader reader;
  EXPECT_THROW(reader.add("too many clients at once\n\n"), std::runtime_error);
}

}  // namespace
}  // namespace sluice::control
