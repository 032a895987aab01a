#include "tls/handshake/mbuf_bio.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "dataplane/testing/eal.h"

namespace sluice::tls {
namespace {

using sluice::testing::bytes_of;
using sluice::testing::TestPool;

// A record of application data.
std::string record(const std::string& fragment) {
  std::string bytes = {23, 3, 3, static_cast<char>(fragment.size() >> 8),
                       static_cast<char>(fragment.size())};
  return bytes + fragment;
}

class MbufBioTest : public ::testing::Test {
 public:
  void receive(const std::string& bytes) { transport.receive(ByteChain(pool.packet(bytes))); }
  // What OpenSSL would get by reading as much as `size` bytes; "" when it is told to come again.
  std::string read(std::size_t size) {
    std::string out(size, '\0');
    std::size_t done = 0;
    const int result = BIO_read_ex(bio.get(), out.data(), size, &done);
    EXPECT_EQ(result == 1, done > 0);
    EXPECT_EQ(BIO_should_retry(bio.get()) != 0, result != 1);
    out.resize(done);
    return out;
  }
  int write(const std::string& bytes) {
    std::size_t done = 0;
    const int result = BIO_write_ex(bio.get(), bytes.data(), bytes.size(), &done);
    EXPECT_EQ(done, result == 1 ? bytes.size() : 0);
    return result;
  }

  TestPool pool{16};
  BufferReserve reserve{*pool};
  MbufBio transport{reserve};
  OpenSslPointer<BIO> bio = transport.make_bio();
};

TEST_F(MbufBioTest, ReadsAcrossBuffersAndFreesThem) {
  const std::string bytes = record(std::string(300, 'a') + std::string(300, 'b'));
  receive(bytes.substr(0, 300));
  receive(bytes.substr(300));
  EXPECT_EQ(transport.unread(), 605U);
  EXPECT_EQ(read(5), bytes.substr(0, 5));
  EXPECT_EQ(read(1000), bytes.substr(5));
  EXPECT_EQ(transport.unread(), 0U);
  EXPECT_EQ(transport.total_read(), 605U);
  pool->refresh();
  EXPECT_EQ(pool->available(), pool->capacity());
}

TEST_F(MbufBioTest, ReadsNoFurtherThanARecordUntilOffered) {
  EXPECT_FALSE(transport.offer_record());
  receive(record("one") + record("two"));
  EXPECT_TRUE(transport.offer_record());
  EXPECT_EQ(read(5).size(), 5U);
  EXPECT_FALSE(transport.record_read());
  EXPECT_EQ(read(100), "one");
  EXPECT_TRUE(transport.record_read());
  EXPECT_EQ(read(100), "");
  EXPECT_TRUE(transport.offer_record());
  EXPECT_EQ(read(100), record("two").substr(0, 5));
  EXPECT_EQ(read(100), "two");
  EXPECT_FALSE(transport.offer_record());
}

TEST_F(MbufBioTest, StopsBehindAHeaderThatIsNone) {
  receive("GET / HTTP/1.1");
  EXPECT_TRUE(transport.offer_record());
  EXPECT_EQ(read(5), "GET /");
  EXPECT_TRUE(transport.broken());
  EXPECT_EQ(read(5), "");
  EXPECT_FALSE(transport.offer_record());
}

TEST_F(MbufBioTest, WritesFillBuffers) {
  std::string expected;
  for (int i = 0; i < 10; ++i) {
    const std::string bytes(700, static_cast<char>('a' + i));
    EXPECT_EQ(write(bytes), 1);
    expected += bytes;
  }
  const ByteChain output = transport.take_output();
  EXPECT_EQ(bytes_of(output), expected);
  EXPECT_EQ(output.head()->data_len, PacketPool::kDataRoom);
  EXPECT_TRUE(transport.take_output().empty());
  EXPECT_FALSE(transport.out_of_buffers());
}

TEST_F(MbufBioTest, AWriteThatFindsNoBufferFailsForGood) {
  std::vector<Packet> hoard;
  while (hoard.size() < 15) hoard.push_back(pool->allocate());
  EXPECT_EQ(write(std::string(PacketPool::kDataRoom + 1, 'x')), 0);
  EXPECT_TRUE(transport.out_of_buffers());
  EXPECT_EQ(BIO_should_retry(bio.get()), 0);
}

}  // namespace
}  // namespace sluice::tls
