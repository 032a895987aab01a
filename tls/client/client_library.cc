// The reduced context has one provider, which is the whole one's default provider, functions and
// all, except that it does not name all of its algorithms.
#include "tls/client/client_library.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace sluice::tls {
namespace {

constexpr const char* kName = "sluice-handshakes";

void set_up(bool done) {
  if (!done) {
    throw std::runtime_error("OpenSSL's library cannot be set up: " + take_openssl_error());
  }
}

// From 3.2 on, OpenSSL remembers what it has found for a type of key.
bool looks_through_everything() {
  return OPENSSL_version_major() == 3 && OPENSSL_version_minor() < 2;
}

// For key exchange, certificates and the binders of sessions (RFC 8446 section 4.2.11.2).
constexpr std::array<std::string_view, 9> kKeyTypes = {
    "EC", "RSA", "RSA-PSS", "ED25519", "ED448", "X25519", "X448", "DH", "HMAC"};

bool is_aead(std::string_view cipher) {
  return cipher.find("GCM") != std::string_view::npos ||
         cipher.find("CCM") != std::string_view::npos || cipher == "ChaCha20-Poly1305";
}

// As certificates hold them. The one named "DER" finds out the type, which a certificate names.
bool decodes_public_key(const OSSL_ALGORITHM& decoder, std::string_view name) {
  const std::string_view properties = decoder.property_definition;
  return name != "DER" && properties.find("SubjectPublicKeyInfo") != std::string_view::npos;
}

bool is_needed(int operation, const OSSL_ALGORITHM& algorithm) {
  const std::string_view names = algorithm.algorithm_names;  // with colons between
  const std::string_view name = names.substr(0, names.find(':'));
  switch (operation) {
    case OSSL_OP_DECODER:
      return decodes_public_key(algorithm, name);
    case OSSL_OP_KEYMGMT:
      return std::ranges::find(kKeyTypes, name) != kKeyTypes.end();
    case OSSL_OP_CIPHER:
      return is_aead(name);
    default:
      return true;
  }
}

// The default provider's functions and algorithms are the same in all library contexts, and so is
// what is left of them.
class Reduction {
 public:
  /// Made of the first provider that it is asked for.
  static const Reduction& of(const OSSL_PROVIDER* whole) {
    static const Reduction made(whole);
    return made;
  }
  [[nodiscard]] const OSSL_DISPATCH* functions() const { return functions_.data(); }

 private:
  explicit Reduction(const OSSL_PROVIDER* whole);
  static const OSSL_ALGORITHM* query(void* context, int operation, int* no_cache);

  struct Operation {
    int id;
    std::vector<OSSL_ALGORITHM> algorithms;  // ends with an empty one
  };
  std::array<Operation, 3> reduced_{
      {{OSSL_OP_DECODER, {}}, {OSSL_OP_KEYMGMT, {}}, {OSSL_OP_CIPHER, {}}}};
  std::vector<OSSL_DISPATCH> functions_;
  OSSL_FUNC_provider_query_operation_fn* whole_query_ = nullptr;
};

Reduction::Reduction(const OSSL_PROVIDER* whole) {
  for (Operation& operation : reduced_) {
    int no_cache = 0;
    const OSSL_ALGORITHM* next = OSSL_PROVIDER_query_operation(whole, operation.id, &no_cache);
    for (; next != nullptr && next->algorithm_names != nullptr; ++next) {
      if (is_needed(operation.id, *next)) operation.algorithms.push_back(*next);
    }
    operation.algorithms.push_back({});
  }
  for (const OSSL_DISPATCH* next = OSSL_PROVIDER_get0_dispatch(whole); next->function_id != 0;
       ++next) {
    if (next->function_id == OSSL_FUNC_PROVIDER_QUERY_OPERATION) {
      whole_query_ = OSSL_FUNC_provider_query_operation(next);
      functions_.push_back({next->function_id, reinterpret_cast<void (*)()>(query)});
    } else if (next->function_id != OSSL_FUNC_PROVIDER_TEARDOWN) {
      functions_.push_back(*next);
    }
  }
  functions_.push_back({0, nullptr});
}

// What the core asks the reduced provider. There was one to make the reduction of by then.
const OSSL_ALGORITHM* Reduction::query(void* context, int operation, int* no_cache) {
  const Reduction& self = of(nullptr);
  const auto* found = std::ranges::find(self.reduced_, operation, &Operation::id);
  if (found == self.reduced_.end()) return self.whole_query_(context, operation, no_cache);
  *no_cache = 0;
  return found->algorithms.data();
}

// OSSL_PROVIDER_load() cannot tell start() which provider is to be reduced.
thread_local const OSSL_PROVIDER* being_reduced = nullptr;

int start(const OSSL_CORE_HANDLE* /*core*/, const OSSL_DISPATCH* /*upcalls*/,
          const OSSL_DISPATCH** functions, void** context) {
  if (being_reduced == nullptr) return 0;
  *functions = Reduction::of(being_reduced).functions();
  *context = OSSL_PROVIDER_get0_provider_ctx(being_reduced);
  return 1;
}

}  // namespace

ClientLibrary::ClientLibrary(Extent extent) {
  ERR_clear_error();
  whole_.reset(OSSL_LIB_CTX_new());
  set_up(whole_ != nullptr);
  default_provider_.reset(OSSL_PROVIDER_load(whole_.get(), "default"));
  set_up(default_provider_ != nullptr);
  if (extent == Extent::kHandshakes && looks_through_everything()) reduce();
  key_derivation_.emplace(context());
}

void ClientLibrary::reduce() {
  reduced_.reset(OSSL_LIB_CTX_new());
  // Here, because it may throw, and nothing may in start().
  (void)Reduction::of(default_provider_.get());
  set_up(reduced_ != nullptr && OSSL_PROVIDER_add_builtin(reduced_.get(), kName, start) == 1);
  being_reduced = default_provider_.get();
  reduced_provider_.reset(OSSL_PROVIDER_load(reduced_.get(), kName));
  being_reduced = nullptr;
  set_up(reduced_provider_ != nullptr);
}

}  // namespace sluice::tls
