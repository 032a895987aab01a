#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "control/access_log/haproxy_lines.h"
#include "control/access_log/json_lines.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;
using http::AccessEntry;
using http::AccessText;
using http::EndCause;
using http::EndedBy;
using http::EndPhase;

// 2009-02-06 12:14:14.655 in UTC.
constexpr AccessLine::Time kBegan{std::chrono::milliseconds(1'233'922'454'655)};

class AccessLines : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    http::AccessRecord& record = entry.record;
    record.client = {wire::IpAddress::v4(10, 0, 1, 2), 33317};
    record.head = 10ms;
    record.queue = 0ms;
    record.connect = 30'999us;
    record.response = 69ms;
    record.total = 109ms;
    record.status = 200;
    record.bytes_out = 2750;
    entry.text(AccessText::kMethod) = "GET";
    entry.text(AccessText::kTarget) = "/index.html?a=b";
    entry.text(AccessText::kHost) = "www.example";
  }
  [[nodiscard]] AccessLine line() const {
    return {.entry = entry,
            .accepted = kBegan - 2s,
            .began = kBegan,
            .frontend = "http-in",
            .backend = backend,
            .server = server,
            .process_sessions = 4,
            .frontend_sessions = 3,
            .backend_exchanges = 2,
            .server_exchanges = 1,
            .captures = captures};
  }
  [[nodiscard]] std::string haproxy() const {
    HaproxyLines lines;
    std::string text;
    lines.append(line(), text);
    return text;
  }
  [[nodiscard]] nlohmann::json json() const {
    std::string text;
    append_json_line(line(), text);
    EXPECT_EQ(text.find('\n'), std::string::npos);
    return nlohmann::json::parse(text);
  }

  AccessEntry entry;
  std::string backend = "static";
  std::string server = "srv1";
  std::vector<std::string> captures;
};

TEST_F(AccessLines, HaproxysFieldsForARequest) {
  EXPECT_EQ(haproxy(),
            "10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 "
            "- - ---- 4/3/2/1/0 0/0 \"GET /index.html?a=b HTTP/1.1\"");
}

TEST_F(AccessLines, HaproxysFieldsForATcpSession) {
  entry.record.tcp = entry.record.secure = true;
  entry.record.cause = {EndedBy::kServer, EndPhase::kData};
  entry.record.client.address = *wire::IpAddress::parse("2001:db8::1");
  EXPECT_EQ(haproxy(),
            "2001:db8::1:33317 [06/Feb/2009:12:14:14.655] http-in~ static/srv1 0/30/109 2750 SD "
            "4/3/2/1/0 0/0");
}

TEST_F(AccessLines, WhatWasNotReachedIsMinusOne) {
  captures = {"User-Agent"};
  backend = server = "";
  entry.record.head = entry.record.queue = entry.record.connect = entry.record.response =
      http::kNotReached;
  entry.record.status = 0;
  entry.record.cause = {EndedBy::kClient, EndPhase::kRequest};
  entry.text(AccessText::kMethod) = "";
  EXPECT_EQ(haproxy(),
            "10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in http-in/<NOSRV> -1/-1/-1/-1/109 -1 "
            "2750 - - CR-- 4/3/2/1/0 0/0 \"<BADREQ>\"");
  const auto object = json();
  EXPECT_EQ(object["times_ms"], nlohmann::json({{"total", 109.0}}));
  for (const char* name : {"status", "backend", "server", "method", "version"}) {
    EXPECT_FALSE(object.contains(name)) << name;
  }
}

TEST_F(AccessLines, RetriesAndTheQueueAreInTheirFields) {
  entry.record.retries = 2;
  entry.record.redispatched = true;
  entry.record.queued_before = 7;
  EXPECT_NE(haproxy().find(" 4/3/2/1/+2 0/7 "), std::string::npos) << haproxy();
}

TEST_F(AccessLines, HaproxysEscapesKeepFieldsAndLinesWhole) {
  captures = {"User-Agent", "Referer"};
  entry.capture(0) = "a|b} {c\"#\x01 d";
  entry.text(AccessText::kTarget) = "/\"\n\xff#|";
  const std::string text = haproxy();
  EXPECT_TRUE(text.ends_with(" {a#7Cb#7D #7Bc#22#23#01 d|} \"GET /#22#0A#FF#23| HTTP/1.1\""))
      << text;
}

TEST_F(AccessLines, ALongTargetIsMarked) {
  entry.record.cut = 1U << static_cast<unsigned>(AccessText::kTarget);
  EXPECT_TRUE(haproxy().ends_with("\"GET /index.html?a=b... HTTP/1.1\"")) << haproxy();
  EXPECT_EQ(json()["target_cut"], true);
}

TEST_F(AccessLines, JsonHasWhatIsKnown) {
  captures = {"User-Agent", "Referer"};
  entry.capture(0) = "curl";
  entry.record.secure = entry.record.resumed = entry.record.has_tag = true;
  entry.record.tag_high = 0x0123;
  entry.record.tag_low = 0xf;
  entry.text(AccessText::kTlsVersion) = "TLSv1.3";
  entry.text(AccessText::kCipher) = "TLS_AES_128_GCM_SHA256";
  entry.text(AccessText::kServerName) = "www.example";
  EXPECT_EQ(json(), nlohmann::json::parse(R"({
    "time": "2009-02-06T12:14:14.655000Z", "accepted": "2009-02-06T12:14:12.655000Z",
    "kind": "http", "client": "10.0.1.2", "client_port": 33317, "frontend": "http-in",
    "backend": "static", "server": "srv1", "method": "GET", "target": "/index.html?a=b",
    "version": "HTTP/1.1", "host": "www.example", "status": 200,
    "id": "0000000000000123000000000000000f", "headers": {"User-Agent": "curl"},
    "tls": {"version": "TLSv1.3", "cipher": "TLS_AES_128_GCM_SHA256", "sni": "www.example",
            "resumed": true},
    "bytes_out": 2750, "bytes_in": 0, "termination": "--",
    "times_ms": {"head": 10.0, "queue": 0.0, "connect": 30.999, "response": 69.0, "total": 109.0},
    "connections": {"process": 4, "frontend": 3, "backend": 2, "server": 1, "queued_before": 0},
    "retries": 0})"));
}

TEST_F(AccessLines, JsonStringsHoldAnyBytes) {
  const auto parsed = [](std::string_view text) {
    std::string json;
    append_json_string(text, json);
    return nlohmann::json::parse(json).get<std::string>();
  };
  EXPECT_EQ(parsed("a\"\\\n\x7f"), "a\"\\\n\x7f");
  EXPECT_EQ(parsed("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x99\x82"), "grüß € 🙂");
  EXPECT_EQ(parsed("\xff"), "\xc3\xbf") << "the character of its number";
  EXPECT_EQ(parsed("\xc0\xaf"), "\xc3\x80\xc2\xaf") << "an overlong form is none";
  EXPECT_EQ(parsed("\xed\xa0\x80"), "\xc3\xad\xc2\xa0\xc2\x80") << "nor is a surrogate";
  EXPECT_EQ(parsed("\xe2\x82"), "\xc3\xa2\xc2\x82") << "nor one that is cut off";
}

}  // namespace
}  // namespace sluice::control
