#include "tls/handshake/key_derivation_provider.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include <array>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "tls/openssl_dispatch.h"
#include "tls/record/key_derivation.h"

namespace sluice::tls {
namespace {

constexpr const char* kName = "sluice-key-derivation";
constexpr const char* kProperties = "provider=sluice-key-derivation,sluice.key_derivation=yes";

using Bytes = std::span<const std::uint8_t>;

// OpenSSL's core calls a derivation with nothing that tells the connection.
thread_local TrafficSecrets* copied_to = nullptr;

Bytes bytes_of(const OSSL_PARAM& parameter) {
  return {static_cast<const std::uint8_t*>(parameter.data), parameter.data_size};
}
std::string_view text_of(const OSSL_PARAM& parameter) {
  return {static_cast<const char*>(parameter.data), parameter.data_size};
}

// By the names that OpenSSL has for its digests.
std::optional<Hash> hash_named(std::string_view name) {
  if (name == "SHA2-256" || name == "SHA256" || name == "SHA-256") return Hash::kSha256;
  if (name == "SHA2-384" || name == "SHA384" || name == "SHA-384") return Hash::kSha384;
  return std::nullopt;
}

// libssl passes everything with the derivation itself, so that contexts have no state. OpenSSL
// wants a pointer all the same: the provider's own.
void* new_context(void* provider) {
  return provider;
}
void free_context(void* /*context*/) {}

// --- TLS 1.3

struct Tls13Request {
  explicit Tls13Request(const OSSL_PARAM* next) {
    for (; next != nullptr && next->key != nullptr; ++next) take(*next);
  }
  void take(const OSSL_PARAM& parameter) {
    const std::string_view key = parameter.key;
    if (key == OSSL_KDF_PARAM_MODE) (void)OSSL_PARAM_get_int(&parameter, &mode);
    if (key == OSSL_KDF_PARAM_DIGEST) hash = hash_named(text_of(parameter));
    if (key == OSSL_KDF_PARAM_KEY) secret = bytes_of(parameter);
    if (key == OSSL_KDF_PARAM_SALT) salt = bytes_of(parameter);
    if (key == OSSL_KDF_PARAM_PREFIX) prefix = text_of(parameter);
    if (key == OSSL_KDF_PARAM_LABEL) label = text_of(parameter);
    if (key == OSSL_KDF_PARAM_DATA) context = bytes_of(parameter);
  }

  int mode = -1;
  std::optional<Hash> hash;
  std::optional<Bytes> secret;
  Bytes salt;
  std::string_view prefix;
  std::string_view label;
  Bytes context;
};

void copy_secret(std::string_view label, Bytes secret) {
  if (copied_to == nullptr) return;
  if (label == "c ap traffic") copied_to->client.set(secret);
  if (label == "s ap traffic") copied_to->server.set(secret);
}

bool expand(const Tls13Request& request, std::span<std::uint8_t> out) {
  const bool possible = request.secret && request.label.size() <= 249 &&
                        request.context.size() <= 255 &&
                        out.size() <= 255 * hash_size(*request.hash);
  if (!possible) return false;
  expand_label(*request.hash, *request.secret, request.label, request.context, out);
  copy_secret(request.label, out);
  return true;
}

// The next of the three secrets, one above the other (RFC 8446 section 7.1): the salt is the one
// before, and without a secret there are zeros.
bool extract_next(const Tls13Request& request, std::span<std::uint8_t> out) {
  constexpr std::array<std::uint8_t, kMaxSecretSize> kZeros{};
  const std::size_t size = hash_size(*request.hash);
  if (out.size() != size) return false;
  std::array<std::uint8_t, kMaxSecretSize> room{};
  const auto salt = std::span(room).first(size);
  if (!request.salt.empty()) {
    std::array<std::uint8_t, kMaxSecretSize> nothing;
    digest(*request.hash, {}, nothing);
    expand_label(*request.hash, request.salt, request.label, std::span(nothing).first(size), salt);
  }
  extract(*request.hash, salt, request.secret.value_or(Bytes(kZeros).first(size)), out);
  OPENSSL_cleanse(room.data(), room.size());
  return true;
}

int derive_tls13(void* /*context*/, unsigned char* out, std::size_t size,
                 const OSSL_PARAM* parameters) {
  const Tls13Request request(parameters);
  if (!request.hash || request.prefix != "tls13 ") return 0;
  const std::span room(out, size);
  if (request.mode == EVP_KDF_HKDF_MODE_EXPAND_ONLY) return expand(request, room) ? 1 : 0;
  if (request.mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY) return extract_next(request, room) ? 1 : 0;
  return 0;
}

// --- TLS 1.2

int derive_tls12(void* /*context*/, unsigned char* out, std::size_t size, const OSSL_PARAM* next) {
  std::optional<Hash> hash;
  std::optional<Bytes> secret;
  std::array<Bytes, 8> seeds;
  std::size_t count = 0;
  for (; next != nullptr && next->key != nullptr; ++next) {
    const std::string_view key = next->key;
    if (key == OSSL_KDF_PARAM_DIGEST) hash = hash_named(text_of(*next));
    if (key == OSSL_KDF_PARAM_SECRET) secret = bytes_of(*next);
    if (key != OSSL_KDF_PARAM_SEED || next->data_size == 0) continue;
    if (count == seeds.size()) return 0;
    seeds[count++] = bytes_of(*next);
  }
  if (!hash || !secret || count == 0 || size == 0) return 0;
  tls12_prf(*hash, *secret, std::span(seeds).first(count), {out, size});
  return 1;
}

// --- The provider as the core sees it

template <typename Function>
std::array<OSSL_DISPATCH, 4> functions_of(Function* derive) {
  return {dispatch_entry(OSSL_FUNC_KDF_NEWCTX, new_context),
          dispatch_entry(OSSL_FUNC_KDF_FREECTX, free_context),
          dispatch_entry(OSSL_FUNC_KDF_DERIVE, derive), OSSL_DISPATCH{0, nullptr}};
}

const OSSL_ALGORITHM* operations(void* /*context*/, int operation, int* no_cache) {
  static const auto tls13 = functions_of(derive_tls13);
  static const auto tls12 = functions_of(derive_tls12);
  static const std::array<OSSL_ALGORITHM, 3> derivations = {
      {{"TLS13-KDF", kProperties, tls13.data(), nullptr},
       {"TLS1-PRF", kProperties, tls12.data(), nullptr},
       {}}};
  *no_cache = 0;
  return operation == OSSL_OP_KDF ? derivations.data() : nullptr;
}

int start(const OSSL_CORE_HANDLE* core, const OSSL_DISPATCH* /*upcalls*/,
          const OSSL_DISPATCH** functions, void** context) {
  static const std::array<OSSL_DISPATCH, 2> own = {
      dispatch_entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, operations), {0, nullptr}};
  *functions = own.data();
  *context = const_cast<OSSL_CORE_HANDLE*>(core);  // never looked at
  return 1;
}

void set_up(bool done) {
  if (!done) {
    throw std::runtime_error("OpenSSL cannot be given key derivations: " + take_openssl_error());
  }
}

}  // namespace

// OSSL_PROVIDER_load() would keep OpenSSL from loading its default provider of itself.
KeyDerivationProvider::KeyDerivationProvider(OSSL_LIB_CTX* library) {
  constexpr int kKeepDefaults = 1;
  // Who has no preference is given what was known first.
  const OpenSslPointer<EVP_KDF> usual(EVP_KDF_fetch(library, "TLS13-KDF", nullptr));
  ERR_clear_error();
  set_up(OSSL_PROVIDER_add_builtin(library, kName, start) == 1);
  provider_.reset(OSSL_PROVIDER_try_load(library, kName, kKeepDefaults));
  set_up(provider_ != nullptr);
}

TrafficSecretsCopy::TrafficSecretsCopy(TrafficSecrets& to)
    : before_(std::exchange(copied_to, &to)) {}

TrafficSecretsCopy::~TrafficSecretsCopy() {
  copied_to = before_;
}

}  // namespace sluice::tls
