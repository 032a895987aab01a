#include "bench/load/request_template.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

namespace sluice::load {
namespace {

class Request : public ::testing::Test {
 protected:
  std::string message(const std::string& url, const RequestParts& parts = {}) {
    return std::string(RequestTemplate(parse_url(url), parts).message(values, scratch));
  }

  std::mt19937_64 random{1};
  TemplateValues values{.connection = 7, .request = 12, .random = random};
  RequestScratch scratch;
};

TEST_F(Request, IsAWholeMessage) {
  EXPECT_EQ(message("http://a:81/b"), "GET /b HTTP/1.1\r\nHost: a:81\r\n\r\n");
  const RequestParts parts{
      .method = "POST", .headers = {"X-A: 1", "host: other"}, .body = "text", .close = true};
  EXPECT_EQ(message("http://a/", parts),
            "POST / HTTP/1.1\r\nX-A: 1\r\nhost: other\r\nConnection: close\r\n"
            "Content-Length: 4\r\n\r\ntext");
}

TEST_F(Request, CannotBeMadeAnotherMessage) {
  const Url url = parse_url("http://a/");
  EXPECT_THROW(RequestTemplate(url, {.method = "GET /x"}), std::invalid_argument);
  for (const char* header : {"no colon", ": no name", "a b: c", "a: b\r\nc: d", "a: b\nc"}) {
    EXPECT_THROW(RequestTemplate(url, {.headers = {header}}), std::invalid_argument) << header;
  }
}

TEST_F(Request, HasPlaceholdersFilledEverywhere) {
  const RequestParts parts{
      .method = "PUT", .headers = {"X-Id: {{request}}"}, .body = R"({"id": {{request:100-109}}})"};
  EXPECT_EQ(message("http://h{{connection}}.test/u{{connection:1-5}}", parts),
            "PUT /u3 HTTP/1.1\r\nHost: h7.test\r\nX-Id: 12\r\n"
            "Content-Length: 11\r\n\r\n{\"id\": 102}");
}

TEST_F(Request, HasTheLengthOfEachBody) {
  const RequestTemplate request(parse_url("http://a/"), {.body = "{{request}}"});
  values.request = 5;
  EXPECT_TRUE(request.message(values, scratch).ends_with("Content-Length: 1\r\n\r\n5"));
  values.request = 12345;
  EXPECT_TRUE(request.message(values, scratch).ends_with("Content-Length: 5\r\n\r\n12345"));
}

TEST_F(Request, TakesTheBracesOfAFileAsTheyAre) {
  const std::string text =
      message("http://a/", {.body = "{{request}}", .body_has_placeholders = false});
  EXPECT_TRUE(text.ends_with("\r\n\r\n{{request}}"));
}

TEST_F(Request, DrawsFromARangeAndFromWords) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(message("http://a/{{random:5-7}}{{pick:x|y}}"));
  EXPECT_EQ(seen.size(), 6U);
  EXPECT_TRUE(seen.contains("GET /5x HTTP/1.1\r\nHost: a\r\n\r\n"));
}

TEST_F(Request, WithAnUnknownPlaceholderIsRefused) {
  for (const char* path : {"{{}}", "{{requests}}", "{{random}}", "{{request:9-1}}", "{{request",
                           "{{request:x}}", "{{pick}}"}) {
    EXPECT_THROW(message(std::string("http://a/") + path), std::invalid_argument) << path;
  }
}

}  // namespace
}  // namespace sluice::load
