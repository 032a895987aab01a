// Sealing and opening, against each other. Against OpenSSL: see the tests of SecureStream.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <tuple>

#include "dataplane/testing/eal.h"
#include "tls/record/key_schedule.h"
#include "tls/record/record_header.h"
#include "tls/record/record_opening.h"
#include "tls/record/record_sealing.h"

namespace sluice::tls {
namespace {

using sluice::testing::bytes_of;
using sluice::testing::TestPool;

class RecordProtection : public ::testing::TestWithParam<std::tuple<Aead, bool, CipherLibrary>> {
 public:
  RecordProtection() {
    const std::vector<std::uint8_t> secret(suite_.hash_size(), 3);
    TrafficKeys unused;
    for (TrafficKeys* keys : {&sending_, &receiving_}) {
      suite_.tls13
          ? begin_keys(suite_, secret, *keys)
          : begin_tls12_keys(suite_, secret, std::array<std::uint8_t, 64>{}, *keys, unused);
    }
  }

  ByteChain chain(std::string_view text) {
    ByteChain made;
    EXPECT_TRUE(made.append_copy({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()},
                                 *pool_));
    return made;
  }
  // The same bytes in pieces of that size, each in a buffer of its own.
  ByteChain in_pieces(const std::string& text, std::size_t size) {
    ByteChain made;
    for (std::size_t at = 0; at < text.size(); at += size) {
      Packet piece = pool_.packet(text.substr(at, size));
      // A buffer that is full takes no later piece in.
      if (size < 600)
        piece = pool_->share(*piece.get(), 0, static_cast<std::uint16_t>(piece.size()));
      made.append(std::move(piece));
    }
    return made;
  }
  std::string seal(const std::string& text, ContentType type = ContentType::kApplicationData) {
    const ByteChain plaintext = chain(text);
    EXPECT_TRUE(seal_record(ciphers_, suite_, sending_, type, plaintext, text.size(), output_));
    return bytes_of(output_.take());
  }
  OpenedRecord open(ByteChain record) {
    return open_record(ciphers_, suite_, receiving_, std::move(record), *pool_);
  }

  Suite suite_{.aead = std::get<0>(GetParam()), .tls13 = std::get<1>(GetParam())};
  TestPool pool_{8192};
  BufferReserve reserve_{*pool_};
  OutputBuffers output_{reserve_};
  RecordCiphers ciphers_{std::get<2>(GetParam())};
  TrafficKeys sending_;
  TrafficKeys receiving_;
  std::mt19937 random_{1};
};

INSTANTIATE_TEST_SUITE_P(Suites, RecordProtection,
                         ::testing::Combine(::testing::Values(Aead::kAes128Gcm, Aead::kAes256Gcm,
                                                              Aead::kChaCha20Poly1305),
                                            ::testing::Bool(),
                                            ::testing::Values(CipherLibrary::kFastest,
                                                              CipherLibrary::kOpenSsl)));

std::string random_text(std::mt19937& random, std::size_t size) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

TEST_P(RecordProtection, WhatIsSealedOpens) {
  for (const std::size_t size :
       {0UL, 1UL, 15UL, 16UL, 17UL, 1390UL, 2027UL, 2048UL, 4096UL, 16384UL}) {
    const std::string text = random_text(random_, size);
    const std::string record = seal(text);
    EXPECT_LE(record.size(), size + kRecordHeaderSize + 8 + kTagSize + 1);
    EXPECT_EQ(refusal_of(suite_, read_record_header(chain(record))), std::nullopt);
    OpenedRecord opened = open(chain(record));
    ASSERT_EQ(opened.status, OpenedRecord::Status::kOpened);
    EXPECT_EQ(opened.type, ContentType::kApplicationData);
    EXPECT_EQ(bytes_of(opened.plaintext), text);
  }
}

TEST_P(RecordProtection, ARecordCutAtAnyByteOpens) {
  const std::string text = random_text(random_, 100);
  const std::string record = seal(text);
  for (std::size_t cut = 1; cut < record.size(); ++cut) {
    ByteChain pieces = in_pieces(record.substr(0, cut), 300);
    pieces.append(in_pieces(record.substr(cut), 300));
    receiving_.set_sequence(0);
    OpenedRecord opened = open(std::move(pieces));
    ASSERT_EQ(opened.status, OpenedRecord::Status::kOpened) << cut;
    ASSERT_EQ(bytes_of(opened.plaintext), text) << cut;
  }
}

TEST_P(RecordProtection, PlaintextInPiecesOfAnySizeIsSealed) {
  const std::string text = random_text(random_, 16384);
  for (const std::size_t piece : {7UL, 16UL, 33UL, 300UL, 1000UL, 1448UL, 2047UL}) {
    const ByteChain plaintext = in_pieces(text, piece);
    ASSERT_TRUE(seal_record(ciphers_, suite_, sending_, ContentType::kApplicationData, plaintext,
                            text.size(), output_));
    OpenedRecord opened = open(output_.take());
    ASSERT_EQ(opened.status, OpenedRecord::Status::kOpened) << piece;
    ASSERT_TRUE(bytes_of(opened.plaintext) == text) << piece;
  }
}

TEST_P(RecordProtection, AFlippedBitIsRefusedAndNothingComesOut) {
  const std::string record = seal(random_text(random_, 200));
  for (std::size_t at = 0; at < record.size(); ++at) {
    std::string damaged = record;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << random_() % 8));
    const RecordHeader header = read_record_header(chain(damaged));
    if (refusal_of(suite_, header) || header.size + kRecordHeaderSize != damaged.size()) continue;
    OpenedRecord opened = open(chain(damaged));
    ASSERT_EQ(opened.status, OpenedRecord::Status::kRefused) << at;
    ASSERT_EQ(opened.alert, Alert::kBadRecordMac) << at;
    ASSERT_TRUE(opened.plaintext.empty());
  }
  EXPECT_EQ(open(chain(record)).status, OpenedRecord::Status::kOpened);
}

TEST_P(RecordProtection, ARecordOfAnotherNumberIsRefused) {
  const std::string first = seal("one");
  const std::string second = seal("two");
  EXPECT_EQ(open(chain(second)).status, OpenedRecord::Status::kRefused);
  EXPECT_EQ(open(chain(first)).status, OpenedRecord::Status::kOpened);
  EXPECT_EQ(open(chain(first)).status, OpenedRecord::Status::kRefused);
  EXPECT_EQ(open(chain(second)).status, OpenedRecord::Status::kOpened);
}

TEST_P(RecordProtection, TypesGoWithTheRecord) {
  for (const ContentType type : {ContentType::kAlert, ContentType::kHandshake}) {
    const OpenedRecord opened = open(chain(seal("xy", type)));
    EXPECT_EQ(opened.status, OpenedRecord::Status::kOpened);
    EXPECT_EQ(opened.type, type);
  }
}

TEST_P(RecordProtection, WithoutBuffersNothingIsSealedOrOpenedFromSharedOnes) {
  const std::string record = seal(std::string(5000, 'x'));
  ByteChain shared = in_pieces(record, 300);
  ByteChain plaintext = chain(std::string(5000, 'x'));
  std::vector<Packet> hoard;
  const auto drain = [this, &hoard] {
    reserve_.release();
    while (Packet packet = pool_->allocate()) hoard.push_back(std::move(packet));
  };
  drain();
  EXPECT_EQ(open(std::move(shared)).status, OpenedRecord::Status::kNoMemory);
  drain();  // also what the shared record was in
  EXPECT_FALSE(seal_record(ciphers_, suite_, sending_, ContentType::kApplicationData, plaintext,
                           5000, output_));
  (void)output_.take();
}

TEST_P(RecordProtection, AKeyIsWipedWhenItIsForgotten) {
  const auto key = std::span(sending_.key).first(suite_.key_size());
  EXPECT_NE(ciphers_.begin_sealing(suite_.aead, key, {}, {}), nullptr);
  EXPECT_TRUE(ciphers_.knows(suite_.aead, key));
  ciphers_.forget(suite_.aead, key);
  EXPECT_FALSE(ciphers_.knows(suite_.aead, key));
  EXPECT_EQ(bytes_of(open(chain(seal("still works"))).plaintext), "still works");
}

// --- TLS 1.3's inner plaintext (RFC 8446 section 5.4)

class PaddedRecord : public RecordProtection {
 public:
  // A record whose inner plaintext, content type included, is this.
  OpenedRecord open_inner(std::string inner) {
    const auto type = static_cast<ContentType>(inner.back());
    inner.pop_back();
    return open(chain(seal(inner, type)));
  }
};

INSTANTIATE_TEST_SUITE_P(Suites, PaddedRecord,
                         ::testing::Combine(::testing::Values(Aead::kAes128Gcm),
                                            ::testing::Values(true),
                                            ::testing::Values(CipherLibrary::kFastest)));

TEST_P(PaddedRecord, PaddingIsTakenOff) {
  for (const std::size_t padding : {1UL, 100UL, 5000UL}) {
    const OpenedRecord opened = open_inner("data\x17" + std::string(padding, '\0'));
    EXPECT_EQ(opened.status, OpenedRecord::Status::kOpened);
    EXPECT_EQ(opened.type, ContentType::kApplicationData);
    EXPECT_EQ(bytes_of(opened.plaintext), "data");
  }
}

TEST_P(PaddedRecord, NothingButPaddingIsRefused) {
  const OpenedRecord opened = open_inner(std::string(50, '\0'));
  EXPECT_EQ(opened.status, OpenedRecord::Status::kRefused);
  EXPECT_EQ(opened.alert, Alert::kUnexpectedMessage);
}

// --- Headers

TEST(RecordHeader, OfTls13IsThatOfApplicationData) {
  const Suite suite{};
  EXPECT_EQ(refusal_of(suite, {23, 0x0303, 100}), std::nullopt);
  EXPECT_EQ(refusal_of(suite, {23, 0x0303, 16384 + 256}), std::nullopt);
  EXPECT_EQ(refusal_of(suite, {23, 0x0303, 16384 + 257}), Alert::kRecordOverflow);
  EXPECT_EQ(refusal_of(suite, {23, 0x0303, 16}), Alert::kBadRecordMac);
  EXPECT_EQ(refusal_of(suite, {23, 0x0301, 100}), Alert::kProtocolVersion);
  for (const int type : {0, 20, 21, 22, 24, 255}) {
    EXPECT_EQ(refusal_of(suite, {static_cast<std::uint8_t>(type), 0x0303, 100}),
              Alert::kUnexpectedMessage)
        << type;
  }
}

TEST(RecordHeader, OfTls12SaysWhatIsInside) {
  const Suite suite{.tls13 = false};
  for (const int type : {21, 22, 23}) {
    EXPECT_EQ(refusal_of(suite, {static_cast<std::uint8_t>(type), 0x0303, 100}), std::nullopt)
        << type;
  }
  EXPECT_EQ(refusal_of(suite, {20, 0x0303, 100}), Alert::kUnexpectedMessage);
  EXPECT_EQ(refusal_of(suite, {23, 0x0303, 23}), Alert::kBadRecordMac);
  EXPECT_EQ(refusal_of(suite, {23, 0x0303, 24}), std::nullopt);
}

}  // namespace
}  // namespace sluice::tls
