#include "bench/micro/handshake_operations.h"

#include <openssl/rsa.h>
#include <time.h>

#include <array>
#include <stdexcept>
#include <string>

#include "tls/certificate/certificate.h"
#include "tls/openssl_types.h"

namespace sluice::micro {
namespace {

constexpr int kRounds = 400;
// What TLS 1.3 signs: 64 spaces, a name, a zero and a digest (RFC 8446 section 4.4.3).
constexpr std::size_t kSignedSize = 64 + 33 + 1 + 32;

struct ContextDeleter {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
template <typename T>
using Context = std::unique_ptr<T, ContextDeleter>;

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string(what) + ": " + tls::take_openssl_error());
}

template <typename Operation>
double microseconds_of(Operation operation) {
  timespec before{};
  timespec after{};
  operation();
  (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
  for (int i = 0; i < kRounds; ++i) operation();
  (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
  const double seconds = static_cast<double>(after.tv_sec - before.tv_sec) +
                         1e-9 * static_cast<double>(after.tv_nsec - before.tv_nsec);
  return 1e6 * seconds / kRounds;
}

tls::OpenSslPointer<EVP_PKEY> make_key(EVP_PKEY_CTX* generator) {
  EVP_PKEY* key = nullptr;
  require(EVP_PKEY_generate(generator, &key) == 1, "X25519");
  return tls::OpenSslPointer<EVP_PKEY>(key);
}

void measure_agreement(HandshakeOperations& result) {
  const Context<EVP_PKEY_CTX> generator(EVP_PKEY_CTX_new_from_name(nullptr, "X25519", nullptr));
  require(generator && EVP_PKEY_keygen_init(generator.get()) == 1, "X25519");
  result.make_key_share = microseconds_of([&] { make_key(generator.get()); });

  const auto own = make_key(generator.get());
  const auto peer = make_key(generator.get());
  const Context<EVP_PKEY_CTX> agreement(EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr));
  require(agreement && EVP_PKEY_derive_init(agreement.get()) == 1 &&
              EVP_PKEY_derive_set_peer(agreement.get(), peer.get()) == 1,
          "X25519");
  result.agree = microseconds_of([&] {
    std::array<unsigned char, 32> secret;
    std::size_t size = secret.size();
    require(EVP_PKEY_derive(agreement.get(), secret.data(), &size) == 1, "X25519");
  });
}

double measure_signature(EVP_PKEY* key) {
  const Context<EVP_MD_CTX> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  require(context && EVP_DigestSignInit_ex(context.get(), &parameters, "SHA256", nullptr, nullptr,
                                           key, nullptr) == 1,
          "signature");
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    require(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
                EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1,
            "signature");
  }
  return microseconds_of([&] {
    std::array<unsigned char, kSignedSize> text{};
    std::array<unsigned char, 1024> signature;
    std::size_t size = signature.size();
    // Again with what it was set up with before.
    require(
        EVP_DigestSignInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, nullptr,
                              nullptr) == 1 &&
            EVP_DigestSign(context.get(), signature.data(), &size, text.data(), text.size()) == 1,
        "signature");
  });
}

}  // namespace

HandshakeOperations measure_operations(const std::filesystem::path& certificate) {
  const tls::Certificate loaded = tls::load_certificate({certificate, {}});
  HandshakeOperations result;
  measure_agreement(result);
  result.sign = measure_signature(loaded.key.get());
  return result;
}

}  // namespace sluice::micro
