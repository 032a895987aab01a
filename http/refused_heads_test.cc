#include "http/refused_heads.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace sluice::http {
namespace {

using namespace std::string_view_literals;

TEST(FaultPosition, IsWhereTheReasonPoints) {
  EXPECT_EQ(fault_position(HeadError::kBadOctet, "GET / HTTP/1.1\r\nA: \x01\r\n\r\n"sv), 19U);
  EXPECT_EQ(fault_position(HeadError::kBareLineEnd, "GET / HTTP/1.1\nA: b\r\n\r\n"sv), 14U);
  EXPECT_EQ(fault_position(HeadError::kFolded, "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n"sv), 22U);
  EXPECT_EQ(fault_position(HeadError::kBadTarget, "GET x HTTP/1.1\r\n\r\n"sv), 4U);
  EXPECT_EQ(fault_position(HeadError::kUnsupportedVersion, "GET / HTTP/3.0\r\n\r\n"sv), 6U);
  EXPECT_EQ(fault_position(HeadError::kBadField, "GET / HTTP/1.1\r\nA: b\r\nHost a\r\n\r\n"sv),
            22U);
  EXPECT_EQ(
      fault_position(HeadError::kBadHost, "GET / HTTP/1.1\r\nhOST: a\r\nX: y\r\nHost: b\r\n\r\n"sv),
      31U);
  EXPECT_EQ(fault_position(HeadError::kUnknownMethod, "GOT / HTTP/1.1\r\n\r\n"sv), 0U);
}

TEST(FaultPosition, IsNeverOutsideOfTheHead) {
  for (std::size_t error = 0; error < kHeadErrors; ++error) {
    for (const std::string_view head :
         {""sv, "\n"sv, "GET"sv, "GET / HTTP/1.1\r\n\r\n"sv, "\r"sv}) {
      EXPECT_LE(fault_position(static_cast<HeadError>(error), head), head.size());
    }
  }
}

TEST(RefusedHeads, KeepTheLastOfEachAndOnlyItsBeginning) {
  RefusedHeads<FrontendId> heads;
  RefusedHead about{.error = HeadError::kBadHost};
  heads.note(FrontendId(2), about, "first");
  about.error = HeadError::kHeadTooLong;
  heads.note(FrontendId(2), about, std::string(5000, 'x'));
  ASSERT_EQ(heads.last().size(), 3U);
  EXPECT_EQ(heads.last()[0].error, HeadError::kNone);
  EXPECT_EQ(heads.last()[2].error, HeadError::kHeadTooLong);
  EXPECT_EQ(heads.last()[2].event, 1U);
  EXPECT_EQ(heads.last()[2].size, 5000U);
  EXPECT_EQ(heads.last()[2].bytes.size(), RefusedHead::kBytesKept);
  const std::vector<std::unique_ptr<int>> present(2);
  heads.forget_gone(present);
  EXPECT_EQ(heads.last()[2].error, HeadError::kNone);
}

}  // namespace
}  // namespace sluice::http
