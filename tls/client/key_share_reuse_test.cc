#include "tls/client/key_share_reuse.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tls/handshake/connection_notes.h"
#include "tls/secure_stream.h"
#include "tls/testing/pair.h"
#include "tls/testing/test_client.h"

namespace sluice::tls {
namespace {

using testing::CertificateAuthority;
using testing::Pair;
using testing::TemporaryDirectory;
using testing::TestIdentity;
using testing::trusting_client;
using testing::verifying_client;

std::string public_key(EVP_PKEY* key) {
  unsigned char* bytes = nullptr;
  const std::size_t size = EVP_PKEY_get1_encoded_public_key(key, &bytes);
  std::string text(reinterpret_cast<const char*>(bytes), size);
  OPENSSL_free(bytes);
  return text;
}

std::string new_key(OSSL_LIB_CTX* library) {
  const OpenSslPointer<EVP_PKEY> key(EVP_PKEY_Q_keygen(library, nullptr, "X25519"));
  return key ? public_key(key.get()) : "";
}

// A handshake between two SSL objects, in which what the client sends for the key exchange is
// looked at.
class Exchange {
 public:
  explicit Exchange(const ClientContext& context, const char* server_groups = "X25519:P-256")
      : client_(SSL_new(context.context().get())),
        server_(SSL_new(TestIdentity::get().identity().context().get())) {
    EXPECT_TRUE(context.prepare(client_.get(), "server.test", nullptr));
    BIO* one = nullptr;
    BIO* other = nullptr;
    EXPECT_EQ(BIO_new_bio_pair(&one, 0, &other, 0), 1);
    SSL_set_bio(client_.get(), one, one);
    SSL_set_bio(server_.get(), other, other);
    SSL_set_connect_state(client_.get());
    SSL_set_accept_state(server_.get());
    EXPECT_EQ(SSL_set1_groups_list(server_.get(), server_groups), 1);
    notes_.follow(client_.get());
    SSL_set_msg_callback(client_.get(), note_message);
    SSL_set_msg_callback_arg(client_.get(), this);
    for (int i = 0; i < 5; ++i) {
      SSL_do_handshake(client_.get());
      SSL_do_handshake(server_.get());
    }
    EXPECT_EQ(SSL_is_init_finished(client_.get()), 1);
    EXPECT_EQ(SSL_is_init_finished(server_.get()), 1);
  }
  ~Exchange() { SSL_set_shutdown(client_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); }

  // The client's public key in the exchange that the handshake came to.
  [[nodiscard]] std::string share() const {
    if (SSL_version(client_.get()) == TLS1_2_VERSION) return in_key_exchange_;
    EVP_PKEY* key = nullptr;
    EXPECT_EQ(SSL_get_peer_tmp_key(server_.get(), &key), 1);
    const OpenSslPointer<EVP_PKEY> owned(key);
    return key == nullptr ? "" : public_key(key);
  }
  [[nodiscard]] std::string group() const {
    const auto group = static_cast<int>(SSL_get_negotiated_group(server_.get()));
    return SSL_group_to_name(server_.get(), group);
  }

 private:
  // RFC 8422 section 5.7: the point with its length, behind the handshake header.
  static void note_message(int sent, int /*version*/, int type, const void* bytes, std::size_t size,
                           SSL* /*ssl*/, void* self) {
    const std::string_view message(static_cast<const char*>(bytes), size);
    if (sent == 0 || type != SSL3_RT_HANDSHAKE || size < 5) return;
    if (message[0] != SSL3_MT_CLIENT_KEY_EXCHANGE) return;
    static_cast<Exchange*>(self)->in_key_exchange_ = message.substr(5);
  }

  ConnectionNotes notes_;
  OpenSslPointer<SSL> client_;
  OpenSslPointer<SSL> server_;
  std::string in_key_exchange_;
};

class KeyShareReuseTest : public ::testing::TestWithParam<int> {
 public:
  [[nodiscard]] static ClientSettings settings(unsigned reuse) {
    ClientSettings settings = trusting_client(GetParam());
    settings.key_share_reuse = reuse;
    return settings;
  }
  static std::vector<std::string> shares(const ClientContext& context, unsigned handshakes) {
    std::vector<std::string> shares(handshakes);
    for (std::string& share : shares) share = Exchange(context).share();
    return shares;
  }
};

INSTANTIATE_TEST_SUITE_P(Versions, KeyShareReuseTest,
                         ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& instance) {
                           return instance.param == TLS1_2_VERSION ? "Tls12" : "Tls13";
                         });

TEST_P(KeyShareReuseTest, GivesOneShareSoManyTimesAndThenAnother) {
  const ClientContext context(settings(3));
  const std::vector<std::string> all = shares(context, 7);
  for (const std::string& share : all) EXPECT_EQ(share.size(), 32U);
  EXPECT_EQ(all, (std::vector{all[0], all[0], all[0], all[3], all[3], all[3], all[6]}));
  EXPECT_EQ(std::set(all.begin(), all.end()).size(), 3U);
}

TEST_P(KeyShareReuseTest, WithoutItEveryShareIsANewOne) {
  const ClientContext context(settings(0));
  const std::vector<std::string> all = shares(context, 5);
  EXPECT_EQ(std::set(all.begin(), all.end()).size(), 5U);
}

TEST_P(KeyShareReuseTest, IsOfOneContextAlone) {
  const ClientContext one(settings(5));
  const ClientContext other(settings(5));
  EXPECT_NE(Exchange(one).share(), Exchange(other).share());
}

TEST_P(KeyShareReuseTest, AServerMayWantAnotherGroup) {
  const ClientContext context(settings(4));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Exchange(context, "P-256").group(), "secp256r1");
  EXPECT_EQ(Exchange(context).group(), "x25519");
}

TEST_P(KeyShareReuseTest, CarriesDataAndResumes) {
  const ClientContext context(settings(100));
  OpenSslPointer<SSL_SESSION> session;
  for (int i = 0; i < 3; ++i) {
    Pair pair(TestIdentity::get().identity(), context,
              {.connect = {.server_name = "server.test", .session = session.get()}});
    pair.handshake();
    ASSERT_TRUE(pair.client.handler.opened && pair.server.handler.opened);
    EXPECT_EQ(pair.client.agreed.resumed, i > 0);
    EXPECT_EQ(pair.client.agreed.group, "x25519");
    pair.client.send("question");
    pair.server.send("answer");
    pair.exchange();
    EXPECT_EQ(pair.server.handler.received, "question");
    EXPECT_EQ(pair.client.handler.received, "answer");
    if (auto newest = pair.client.stream->take_session()) session = std::move(newest);
  }
}

TEST_P(KeyShareReuseTest, VerifiesServersAndShowsCertificates) {
  CertificateAuthority authority;
  const TemporaryDirectory files;
  for (const unsigned rsa_bits : {0U, 2048U}) {
    const auto server = authority.issue({.dns_names = {"server.test"}, .rsa_bits = rsa_bits});
    const std::vector<CertificateSource> sources = {{files.write("server.pem", server.both()), {}}};
    const ServerIdentity asking(sources, {});
    SSL_CTX_set_verify(asking.context().get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       [](int, X509_STORE_CTX*) { return 1; });
    ClientSettings showing = settings(100);
    const auto own = authority.issue({.common_name = "me", .rsa_bits = rsa_bits});
    showing.certificate = {files.write("client.pem", own.both()), {}};
    const ClientContext good = verifying_client(showing, authority.certificate());
    const ClientContext bad = verifying_client(showing, CertificateAuthority().certificate());
    for (const auto* context : {&good, &bad}) {
      Pair pair(asking, *context);
      pair.handshake();
      EXPECT_EQ(pair.client.handler.opened, context == &good);
      EXPECT_EQ(pair.server.handler.opened, context == &good);
    }
  }
}

TEST_P(KeyShareReuseTest, TakesGroupsThatBeginWithX25519) {
  const auto refusal = [](const std::string& groups) -> std::string {
    ClientSettings asked = settings(2);
    asked.groups = groups;
    try {
      const ClientContext context(asked);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal("X25519"), "");
  EXPECT_EQ(refusal("x25519:P-256"), "");
  EXPECT_EQ(refusal("X25519:P-384:X448"), "");
  for (const std::string groups : {"P-256:X25519", "X25519MLKEM768", ""}) {
    EXPECT_EQ(refusal(groups),
              "to reuse key shares, the groups must begin with X25519, not \"" + groups + '"');
  }
}

class KeyShareReuseBounds : public ::testing::Test {
 public:
  const ClientLibrary library{ClientLibrary::Extent::kWhole};
};

TEST_F(KeyShareReuseBounds, AreChecked) {
  for (const unsigned bad : {0U, 1U, 10001U}) {
    EXPECT_THROW(KeyShareReuse(library, {bad}), std::runtime_error) << bad;
  }
  EXPECT_NO_THROW(KeyShareReuse(library, {2}));
  EXPECT_NO_THROW(KeyShareReuse(ClientLibrary(ClientLibrary::Extent::kHandshakes), {10000}));
}

TEST_F(KeyShareReuseBounds, AKeyWithoutTimeIsUsedOnce) {
  const KeyShareReuse reuse(library, {.handshakes = 100, .time = {}});
  EXPECT_NE(new_key(library.context()), new_key(library.context()));
}

TEST_F(KeyShareReuseBounds, AKeyIsForgottenWhenItsTimeIsOver) {
  constexpr auto kTime = std::chrono::milliseconds(100);
  const KeyShareReuse reuse(library, {.handshakes = 10000, .time = kTime});
  const std::string first = new_key(library.context());
  std::this_thread::sleep_for(kTime);
  const std::string second = new_key(library.context());
  EXPECT_EQ(first.size(), 32U);
  EXPECT_EQ(second.size(), 32U);
  EXPECT_NE(first, second);
}

TEST_F(KeyShareReuseBounds, OtherKeysAndOtherLibrariesAreLeftAlone) {
  const KeyShareReuse reuse(library, {100});
  EXPECT_EQ(new_key(library.context()), new_key(library.context()));
  EXPECT_NE(new_key(nullptr), new_key(nullptr));
  for (const char* type : {"X448", "ED25519"}) {
    const OpenSslPointer<EVP_PKEY> one(EVP_PKEY_Q_keygen(library.context(), nullptr, type));
    const OpenSslPointer<EVP_PKEY> other(EVP_PKEY_Q_keygen(library.context(), nullptr, type));
    ASSERT_TRUE(one && other);
    EXPECT_NE(EVP_PKEY_eq(one.get(), other.get()), 1) << type;
  }
}

}  // namespace
}  // namespace sluice::tls
