#include "http/text_template.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "dataplane/testing/eal.h"

namespace sluice::http {
namespace {

constexpr std::array kAll{Placeholder::kClient, Placeholder::kFrontend,   Placeholder::kHost,
                          Placeholder::kPath,   Placeholder::kTlsVersion, Placeholder::kId};

class Template : public ::testing::Test {
 protected:
  std::string written(std::string_view text, const TemplateValues& values = {}) {
    std::string fault;
    const auto made = TextTemplate::parse(text, kAll, fault);
    if (!made) return "fault: " + fault;
    HeadWriter writer(*pool_);
    made->write(writer, values);
    return sluice::testing::bytes_of(writer.take());
  }

  sluice::testing::TestPool pool_;
};

TEST_F(Template, PutsValuesInTheirPlaces) {
  const TemplateValues values{.client = wire::IpAddress::v4(198, 18, 0, 1),
                              .frontend = "www",
                              .host = "a.example",
                              .target = "/x?y",
                              .tls_version = "TLSv1.3",
                              .tag = {0x0123456789abcdef, 0xf}};
  EXPECT_EQ(written("https://{host}:8443{path}", values), "https://a.example:8443/x?y");
  EXPECT_EQ(written("{client}{frontend} {tls_version}", values), "198.18.0.1www TLSv1.3");
  EXPECT_EQ(written("{id}", values), "0123456789abcdef000000000000000f");
  EXPECT_EQ(written("plain", values), "plain");
}

TEST_F(Template, APathBeginsWithASlash) {
  EXPECT_EQ(written("h{path}", {.target = "?q"}), "h/?q");
  EXPECT_EQ(written("h{path}", {.target = "*"}), "h/");
  EXPECT_EQ(written("h{path}"), "h/");
}

TEST_F(Template, LeavesOtherBracesAlone) {
  for (const auto* text :
       {"{\"group\":\"default\"}", "{}", "{", "}", "a{b", "{Host}", "{ host }"}) {
    EXPECT_EQ(written(text), text);
  }
  EXPECT_EQ(written("{{host}}", {.host = "h"}), "{h}");
}

TEST_F(Template, RefusesWordsThatMeanNothing) {
  EXPECT_EQ(written("x{hots}"), "fault: hots");
  std::string fault;
  EXPECT_FALSE(TextTemplate::parse("{client}", {&kAll[2], 1}, fault)) << "not here";
  EXPECT_EQ(fault, "client");
}

TEST_F(Template, KnowsWhatItUses) {
  std::string fault;
  const auto made = TextTemplate::parse("a{id}b", kAll, fault);
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->uses(Placeholder::kId));
  EXPECT_FALSE(made->uses(Placeholder::kHost));
}

}  // namespace
}  // namespace sluice::http
