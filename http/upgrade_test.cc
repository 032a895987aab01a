#include "http/upgrade.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::http {
namespace {

TEST(Upgrade, MayAskForAnyProtocolButHttpAndTls) {
  EXPECT_TRUE(may_ask_for("websocket"));
  EXPECT_TRUE(may_ask_for("SPDY/3.1, foo"));
  for (const auto* refused : {"h2c", "H2C", "websocket, h2c", "h2c,websocket", "HTTP/2.0", "h2",
                              "h3", "TLS/1.2", "tls"}) {
    EXPECT_FALSE(may_ask_for(refused)) << refused;
  }
}

TEST(Upgrade, MayAskForAListOfProtocolsAlone) {
  for (const auto* broken : {"", ",", " ", "a b", "a//b", "a/", "/1", "\"websocket\"", "a;b"}) {
    EXPECT_FALSE(may_ask_for(broken)) << broken;
  }
}

TEST(Upgrade, MayAskForAFewProtocols) {
  EXPECT_TRUE(may_ask_for("a,b,c,d,e,f,g,h"));
  EXPECT_FALSE(may_ask_for("a,b,c,d,e,f,g,h,i"));
}

TEST(Upgrade, SwitchesToWhatWasAskedForAlone) {
  EXPECT_TRUE(was_asked_for("WebSocket", "foo/1, websocket"));
  EXPECT_TRUE(was_asked_for("foo/1, websocket", "websocket, foo/1"));
  EXPECT_FALSE(was_asked_for("foo/2", "foo/1"));
  EXPECT_FALSE(was_asked_for("websocket, h2c", "websocket"));
  EXPECT_FALSE(was_asked_for("", "websocket"));
  EXPECT_FALSE(was_asked_for(",", "websocket"));
  EXPECT_FALSE(was_asked_for("websocket", ""));
}

}  // namespace
}  // namespace sluice::http
