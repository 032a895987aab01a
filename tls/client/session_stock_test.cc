#include "tls/client/session_stock.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::tls {
namespace {

OpenSslPointer<SSL_SESSION> session_of(int version) {
  OpenSslPointer<SSL_SESSION> session(SSL_SESSION_new());
  SSL_SESSION_set_protocol_version(session.get(), version);
  return session;
}

TEST(SessionStock, HandsOutTheNewestFirst) {
  SessionStock stock;
  std::vector<SSL_SESSION*> put;
  for (int i = 0; i < 3; ++i) {
    auto session = session_of(TLS1_3_VERSION);
    put.push_back(session.get());
    stock.put(std::move(session));
  }
  EXPECT_EQ(stock.take().get(), put[2]);
  EXPECT_EQ(stock.take().get(), put[1]);
  EXPECT_EQ(stock.take().get(), put[0]);
  EXPECT_EQ(stock.take(), nullptr);
}

TEST(SessionStock, KeepsWhatMayBeResumedOften) {
  SessionStock stock;
  auto session = session_of(TLS1_2_VERSION);
  SSL_SESSION* put = session.get();
  stock.put(std::move(session));
  EXPECT_EQ(stock.take().get(), put);
  EXPECT_EQ(stock.take().get(), put);
  EXPECT_EQ(stock.size(), 1U);
}

TEST(SessionStock, DropsTheOldestBeyondItsBound) {
  SessionStock stock;
  for (std::size_t i = 0; i < SessionStock::kCapacity; ++i) stock.put(session_of(TLS1_3_VERSION));
  auto newest = session_of(TLS1_3_VERSION);
  SSL_SESSION* put = newest.get();
  stock.put(std::move(newest));
  EXPECT_EQ(stock.size(), SessionStock::kCapacity);
  EXPECT_EQ(stock.take().get(), put);
}

TEST(SessionStock, TakesNoNull) {
  SessionStock stock;
  stock.put(nullptr);
  EXPECT_EQ(stock.size(), 0U);
}

}  // namespace
}  // namespace sluice::tls
