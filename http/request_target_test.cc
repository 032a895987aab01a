#include "http/request_target.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::http {
namespace {

RequestHead parsed(Method method, std::string_view target) {
  RequestHead request;
  request.method = method;
  EXPECT_EQ(parse_target(target, request), HeadError::kNone) << target;
  return request;
}

HeadError error_of(Method method, std::string_view target) {
  RequestHead request;
  request.method = method;
  return parse_target(target, request);
}

// RFC 9112 section 3.2.1.
TEST(RequestTarget, InOriginFormIsPathAndQuery) {
  const RequestHead request = parsed(Method::kGet, "/a/b?c=/d?e");
  EXPECT_EQ(request.target, "/a/b?c=/d?e");
  EXPECT_EQ(request.path, "/a/b");
  EXPECT_EQ(request.authority, "");
  EXPECT_EQ(parsed(Method::kGet, "//a").path, "//a");
}

// RFC 9112 section 3.2.2.
TEST(RequestTarget, InAbsoluteFormNamesItsAuthority) {
  const RequestHead request = parsed(Method::kGet, "HTTPS://www.example:8443/a?b");
  EXPECT_EQ(request.target, "/a?b");
  EXPECT_EQ(request.path, "/a");
  EXPECT_EQ(request.authority, "www.example:8443");
  EXPECT_EQ(parsed(Method::kGet, "http://a").target, "/");
  EXPECT_EQ(parsed(Method::kGet, "http://a?q").target, "?q");
  EXPECT_EQ(parsed(Method::kGet, "http://a?q").path, "/");
  EXPECT_EQ(parsed(Method::kGet, "http://[2001:db8::1]/").authority, "[2001:db8::1]");
}

// RFC 9112 section 3.2.4.
TEST(RequestTarget, AsteriskIsForOptionsAlone) {
  EXPECT_EQ(parsed(Method::kOptions, "*").path, "/");
  EXPECT_EQ(parsed(Method::kOptions, "http://a:1").target, "*");
  EXPECT_EQ(error_of(Method::kGet, "*"), HeadError::kBadTarget);
  EXPECT_EQ(error_of(Method::kOptions, "*/"), HeadError::kBadTarget);
}

// RFC 9112 section 3.2.3.
TEST(RequestTarget, AuthorityFormIsForConnectAlone) {
  EXPECT_EQ(parsed(Method::kConnect, "a:443").authority, "a:443");
  EXPECT_EQ(error_of(Method::kConnect, "a"), HeadError::kBadTarget);
  EXPECT_EQ(error_of(Method::kConnect, "/"), HeadError::kBadTarget);
  EXPECT_EQ(error_of(Method::kConnect, "http://a:443"), HeadError::kBadTarget);
  EXPECT_EQ(error_of(Method::kGet, "a:443"), HeadError::kBadTarget);
}

TEST(RequestTarget, RefusesEverythingElse) {
  for (const char* target : {"",
                             "a",
                             "?a",
                             "#",
                             "/a#b",
                             "/a\x7f",
                             "/\xc3\xa9",
                             "http:/a",
                             "http:a",
                             "http://",
                             "http:///a",
                             "http://u:p@a/",
                             "http://a:b/",
                             "ftp://a/",
                             "file:///etc",
                             "http://a\\b/",
                             "https//a",
                             "http://a:99999/",
                             "javascript:x",
                             "://a/"}) {
    EXPECT_EQ(error_of(Method::kGet, target), HeadError::kBadTarget) << target;
  }
}

}  // namespace
}  // namespace sluice::http
