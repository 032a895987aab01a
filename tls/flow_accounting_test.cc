#include "tls/flow_accounting.h"

#include <gtest/gtest.h>

#include <random>

namespace sluice::tls {
namespace {

TEST(ReceiveCredit, GivesOverheadBackAtOnceAndPayloadWhenConsumed) {
  ReceiveCredit credit;
  credit.received(1022);
  credit.decrypted(1000);
  EXPECT_EQ(credit.take(0), 22U);
  EXPECT_EQ(credit.take(0), 0U);
  credit.consumed(400);
  EXPECT_EQ(credit.take(0), 400U);
  credit.consumed(600);
  EXPECT_EQ(credit.take(0), 600U);
}

TEST(ReceiveCredit, AnUnfinishedRecordDoesNotHoldTheWindow) {
  ReceiveCredit credit;
  credit.received(4096);
  EXPECT_EQ(credit.take(0), 4096U);
  credit.received(1000);
  credit.decrypted(5000);
  EXPECT_EQ(credit.take(0), 0U);
  credit.consumed(4000);
  EXPECT_EQ(credit.take(0), 0U);
  credit.consumed(1000);
  EXPECT_EQ(credit.take(0), 1000U);
}

TEST(ReceiveCredit, WhatWasNotLookedAtIsNotGivenBack) {
  ReceiveCredit credit;
  credit.received(3000);
  EXPECT_EQ(credit.take(2000), 1000U);
  EXPECT_EQ(credit.take(0), 2000U);
}

TEST(ReceiveCredit, ConsumingMoreThanWasDeliveredIsHarmless) {
  ReceiveCredit credit;
  credit.received(100);
  credit.decrypted(50);
  credit.consumed(1000000);
  EXPECT_EQ(credit.take(0), 100U);
}

TEST(ReceiveCredit, RandomRecordsNeitherLeakNorOverdraw) {
  std::mt19937 random(5);
  ReceiveCredit credit;
  std::size_t received = 0;
  std::size_t returned = 0;
  std::size_t plaintext = 0;
  std::size_t consumed = 0;
  for (int round = 0; round < 10000; ++round) {
    const std::size_t size = random() % 16384;
    for (std::size_t left = size + 22; left > 0;) {
      const std::size_t piece = std::min<std::size_t>(left, 1 + random() % 9000);
      credit.received(piece);
      received += piece;
      left -= piece;
      if (left == 0) {
        credit.decrypted(size);
        plaintext += size;
      }
      returned += credit.take(0);
      ASSERT_LE(returned, received);
      ASSERT_GE(returned + (plaintext - consumed), received);
    }
    const std::size_t eaten = random() % (plaintext - consumed + 1);
    credit.consumed(eaten);
    consumed += eaten;
    returned += credit.take(0);
  }
  credit.consumed(plaintext - consumed);
  returned += credit.take(0);
  EXPECT_EQ(returned, received);
}

TEST(AcknowledgedPlaintext, CountsOverheadBeforePlaintext) {
  AcknowledgedPlaintext sent;
  sent.sealed(100);
  sent.sent(122);
  EXPECT_EQ(sent.acknowledged(22), 0U);
  EXPECT_EQ(sent.acknowledged(50), 50U);
  EXPECT_EQ(sent.outstanding(), 50U);
  EXPECT_EQ(sent.acknowledged(50), 50U);
}

TEST(AcknowledgedPlaintext, HandshakeBytesAreNoPlaintext) {
  AcknowledgedPlaintext sent;
  sent.sent(3000);
  EXPECT_EQ(sent.acknowledged(3000), 0U);
}

TEST(AcknowledgedPlaintext, RandomRecordsSumUpExactlyAndNeverEarly) {
  std::mt19937 random(6);
  AcknowledgedPlaintext sent;
  std::size_t plaintext = 0;
  std::size_t ciphertext = 0;
  std::size_t acknowledged = 0;
  std::size_t reported = 0;
  for (int round = 0; round < 10000; ++round) {
    const std::size_t size = random() % 2000;
    sent.sealed(size);
    sent.sent(size + 29);
    plaintext += size;
    ciphertext += size + 29;
    const std::size_t piece = random() % (ciphertext - acknowledged + 1);
    acknowledged += piece;
    reported += sent.acknowledged(piece);
    ASSERT_LE(plaintext - reported, plaintext);
    ASSERT_LE(plaintext - std::min(plaintext, ciphertext - acknowledged), reported);
  }
  reported += sent.acknowledged(ciphertext - acknowledged);
  EXPECT_EQ(reported, plaintext);
  EXPECT_EQ(sent.outstanding(), 0U);
}

}  // namespace
}  // namespace sluice::tls
