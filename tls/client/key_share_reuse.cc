// A provider beside OpenSSL's default one, with X25519 alone. Its keys are the default provider's,
// and so is all that is done with them; only where a key is generated, an earlier one may be
// copied.
#include "tls/client/key_share_reuse.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include <algorithm>
#include <array>
#include <new>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "tls/openssl_dispatch.h"

namespace sluice::tls {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kName = "sluice-key-shares";
constexpr const char* kProperties = "provider=sluice-key-shares";
constexpr const char* kPreference = "?provider=sluice-key-shares";
constexpr std::string_view kAlgorithm = "X25519";

// What is called with keys or exchanges alone, which are the default provider's own.
constexpr std::array kKeyFunctions = {
    OSSL_FUNC_KEYMGMT_FREE,         OSSL_FUNC_KEYMGMT_GET_PARAMS, OSSL_FUNC_KEYMGMT_SET_PARAMS,
    OSSL_FUNC_KEYMGMT_HAS,          OSSL_FUNC_KEYMGMT_VALIDATE,   OSSL_FUNC_KEYMGMT_MATCH,
    OSSL_FUNC_KEYMGMT_IMPORT,       OSSL_FUNC_KEYMGMT_EXPORT,     OSSL_FUNC_KEYMGMT_IMPORT_TYPES,
    OSSL_FUNC_KEYMGMT_EXPORT_TYPES, OSSL_FUNC_KEYMGMT_DUP};
constexpr std::array kExchangeFunctions = {OSSL_FUNC_KEYEXCH_INIT, OSSL_FUNC_KEYEXCH_SET_PEER,
                                           OSSL_FUNC_KEYEXCH_DERIVE, OSSL_FUNC_KEYEXCH_FREECTX,
                                           OSSL_FUNC_KEYEXCH_DUPCTX};

void set_up(bool done) {
  if (!done) {
    throw std::runtime_error("OpenSSL cannot be made to reuse key shares: " + take_openssl_error());
  }
}

// The algorithm's functions in one operation of a provider. Names have colons between.
const OSSL_ALGORITHM& find_algorithm(const OSSL_PROVIDER* provider, int operation) {
  int no_cache = 0;
  const OSSL_ALGORITHM* next = OSSL_PROVIDER_query_operation(provider, operation, &no_cache);
  for (; next != nullptr && next->algorithm_names != nullptr; ++next) {
    const std::string_view names = next->algorithm_names;
    if (names.substr(0, names.find(':')) == kAlgorithm) return *next;
  }
  throw std::runtime_error("OpenSSL's default provider has no X25519");
}

const OSSL_DISPATCH* find_function(const OSSL_DISPATCH* table, int id) {
  for (; table->function_id != 0; ++table) {
    if (table->function_id == id) return table;
  }
  throw std::runtime_error("OpenSSL's X25519 is not made as expected");
}

// Those of the functions that are there.
std::vector<OSSL_DISPATCH> pick(const OSSL_DISPATCH* table, std::span<const int> ids) {
  std::vector<OSSL_DISPATCH> picked;
  for (; table->function_id != 0; ++table) {
    if (std::ranges::find(ids, table->function_id) != ids.end()) picked.push_back(*table);
  }
  return picked;
}

bool is_of_algorithm(const OSSL_PARAM* group) {
  const OSSL_PARAM* name = OSSL_PARAM_locate_const(group, OSSL_CAPABILITY_TLS_GROUP_ALG);
  return name != nullptr && name->data_type == OSSL_PARAM_UTF8_STRING &&
         static_cast<const char*>(name->data) == kAlgorithm;
}

}  // namespace

class KeyShareReuse::Provider {
 public:
  /// Makes it the one that stands before `original`, which outlives it.
  void imitate(const OSSL_PROVIDER* original, const Bounds& bounds);

  static int start(const OSSL_CORE_HANDLE* /*core*/, const OSSL_DISPATCH* /*upcalls*/,
                   const OSSL_DISPATCH** functions, void** context);

 private:
  struct Generation {
    Provider& provider;
    void* original;  // the default provider's
    bool of_pair;    // else of parameters: an empty key
  };
  struct Report {
    OSSL_CALLBACK* callback;
    void* argument;
  };

  ~Provider() { forget(); }
  static Provider& self(void* context) { return *static_cast<Provider*>(context); }
  static Generation& generation(void* pointer) { return *static_cast<Generation*>(pointer); }

  void take_functions(const OSSL_DISPATCH* key, const OSSL_DISPATCH* exchange);
  void forget();
  void* next_key(void* original_generation, OSSL_CALLBACK* progress, void* argument);

  // What the core calls.
  static void stop(void* context) { delete &self(context); }
  static const OSSL_ALGORITHM* operations(void* context, int operation, int* no_cache);
  static int capabilities(void* context, const char* capability, OSSL_CALLBACK* callback,
                          void* argument);

  static void* new_key(void* context);
  static const OSSL_PARAM* readable(void* context);
  static const OSSL_PARAM* writable(void* context);
  static void* begin(void* context, int selection, const OSSL_PARAM* parameters);
  static int set(void* generation, const OSSL_PARAM* parameters);
  static const OSSL_PARAM* settable(void* generation, void* context);
  static void* generate(void* generation, OSSL_CALLBACK* progress, void* argument);
  static void end(void* generation);
  static void* new_exchange(void* context);

  const OSSL_PROVIDER* original_ = nullptr;
  void* original_context_ = nullptr;
  OSSL_FUNC_keymgmt_new_fn* new_key_ = nullptr;
  OSSL_FUNC_keymgmt_gettable_params_fn* readable_ = nullptr;
  OSSL_FUNC_keymgmt_settable_params_fn* writable_ = nullptr;
  OSSL_FUNC_keymgmt_gen_init_fn* begin_ = nullptr;
  OSSL_FUNC_keymgmt_gen_set_params_fn* set_ = nullptr;
  OSSL_FUNC_keymgmt_gen_settable_params_fn* settable_ = nullptr;
  OSSL_FUNC_keymgmt_gen_fn* generate_ = nullptr;
  OSSL_FUNC_keymgmt_gen_cleanup_fn* end_ = nullptr;
  OSSL_FUNC_keymgmt_dup_fn* copy_key_ = nullptr;
  OSSL_FUNC_keymgmt_free_fn* free_key_ = nullptr;
  OSSL_FUNC_keyexch_newctx_fn* new_exchange_ = nullptr;

  std::vector<OSSL_DISPATCH> key_functions_;
  std::vector<OSSL_DISPATCH> exchange_functions_;
  std::array<OSSL_ALGORITHM, 2> key_management_{};  // each ends with an empty one
  std::array<OSSL_ALGORITHM, 2> key_exchange_{};

  Bounds bounds_{};
  void* key_ = nullptr;  // for so many handshakes more
  unsigned left_ = 0;
  Clock::time_point until_;
};

// --- The provider as the core sees it

int KeyShareReuse::Provider::start(const OSSL_CORE_HANDLE* /*core*/,
                                   const OSSL_DISPATCH* /*upcalls*/,
                                   const OSSL_DISPATCH** functions, void** context) {
  static const std::array<OSSL_DISPATCH, 4> own = {
      dispatch_entry(OSSL_FUNC_PROVIDER_TEARDOWN, stop),
      dispatch_entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, operations),
      dispatch_entry(OSSL_FUNC_PROVIDER_GET_CAPABILITIES, capabilities),
      {0, nullptr}};
  *functions = own.data();
  *context = new (std::nothrow) Provider;
  return *context != nullptr ? 1 : 0;
}

void KeyShareReuse::Provider::imitate(const OSSL_PROVIDER* original, const Bounds& bounds) {
  original_ = original;
  original_context_ = OSSL_PROVIDER_get0_provider_ctx(original);
  bounds_ = bounds;
  const OSSL_ALGORITHM& key = find_algorithm(original, OSSL_OP_KEYMGMT);
  const OSSL_ALGORITHM& exchange = find_algorithm(original, OSSL_OP_KEYEXCH);
  take_functions(key.implementation, exchange.implementation);
  key_management_[0] = {key.algorithm_names, kProperties, key_functions_.data(), nullptr};
  key_exchange_[0] = {exchange.algorithm_names, kProperties, exchange_functions_.data(), nullptr};
}

// What is called with the provider's context is passed on with the default provider's.
void KeyShareReuse::Provider::take_functions(const OSSL_DISPATCH* key,
                                             const OSSL_DISPATCH* exchange) {
  const auto of_key = [key](int id) { return find_function(key, id); };
  new_key_ = OSSL_FUNC_keymgmt_new(of_key(OSSL_FUNC_KEYMGMT_NEW));
  readable_ = OSSL_FUNC_keymgmt_gettable_params(of_key(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS));
  writable_ = OSSL_FUNC_keymgmt_settable_params(of_key(OSSL_FUNC_KEYMGMT_SETTABLE_PARAMS));
  begin_ = OSSL_FUNC_keymgmt_gen_init(of_key(OSSL_FUNC_KEYMGMT_GEN_INIT));
  set_ = OSSL_FUNC_keymgmt_gen_set_params(of_key(OSSL_FUNC_KEYMGMT_GEN_SET_PARAMS));
  settable_ = OSSL_FUNC_keymgmt_gen_settable_params(of_key(OSSL_FUNC_KEYMGMT_GEN_SETTABLE_PARAMS));
  generate_ = OSSL_FUNC_keymgmt_gen(of_key(OSSL_FUNC_KEYMGMT_GEN));
  end_ = OSSL_FUNC_keymgmt_gen_cleanup(of_key(OSSL_FUNC_KEYMGMT_GEN_CLEANUP));
  copy_key_ = OSSL_FUNC_keymgmt_dup(of_key(OSSL_FUNC_KEYMGMT_DUP));
  free_key_ = OSSL_FUNC_keymgmt_free(of_key(OSSL_FUNC_KEYMGMT_FREE));
  new_exchange_ = OSSL_FUNC_keyexch_newctx(find_function(exchange, OSSL_FUNC_KEYEXCH_NEWCTX));

  key_functions_ = pick(key, kKeyFunctions);
  key_functions_.insert(key_functions_.end(),
                        {dispatch_entry(OSSL_FUNC_KEYMGMT_NEW, new_key),
                         dispatch_entry(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, readable),
                         dispatch_entry(OSSL_FUNC_KEYMGMT_SETTABLE_PARAMS, writable),
                         dispatch_entry(OSSL_FUNC_KEYMGMT_GEN_INIT, begin),
                         dispatch_entry(OSSL_FUNC_KEYMGMT_GEN_SET_PARAMS, set),
                         dispatch_entry(OSSL_FUNC_KEYMGMT_GEN_SETTABLE_PARAMS, settable),
                         dispatch_entry(OSSL_FUNC_KEYMGMT_GEN, generate),
                         dispatch_entry(OSSL_FUNC_KEYMGMT_GEN_CLEANUP, end),
                         {0, nullptr}});
  exchange_functions_ = pick(exchange, kExchangeFunctions);
  exchange_functions_.push_back(dispatch_entry(OSSL_FUNC_KEYEXCH_NEWCTX, new_exchange));
  exchange_functions_.push_back({0, nullptr});
}

const OSSL_ALGORITHM* KeyShareReuse::Provider::operations(void* context, int operation,
                                                          int* no_cache) {
  *no_cache = 0;
  if (operation == OSSL_OP_KEYMGMT) return self(context).key_management_.data();
  return operation == OSSL_OP_KEYEXCH ? self(context).key_exchange_.data() : nullptr;
}

// libssl takes a group only from the provider whose keys it will use: of those that the default
// provider has, ours are repeated.
int KeyShareReuse::Provider::capabilities(void* context, const char* capability,
                                          OSSL_CALLBACK* callback, void* argument) {
  if (std::string_view(capability) != "TLS-GROUP") return 1;
  Report report{callback, argument};
  OSSL_CALLBACK* const repeat = [](const OSSL_PARAM* group, void* to) {
    const Report& whom = *static_cast<Report*>(to);
    return is_of_algorithm(group) ? whom.callback(group, whom.argument) : 1;
  };
  return OSSL_PROVIDER_get_capabilities(self(context).original_, capability, repeat, &report);
}

// --- Keys

void* KeyShareReuse::Provider::new_key(void* context) {
  return self(context).new_key_(self(context).original_context_);
}

const OSSL_PARAM* KeyShareReuse::Provider::readable(void* context) {
  return self(context).readable_(self(context).original_context_);
}

const OSSL_PARAM* KeyShareReuse::Provider::writable(void* context) {
  return self(context).writable_(self(context).original_context_);
}

void* KeyShareReuse::Provider::new_exchange(void* context) {
  return self(context).new_exchange_(self(context).original_context_);
}

void* KeyShareReuse::Provider::begin(void* context, int selection, const OSSL_PARAM* parameters) {
  Provider& provider = self(context);
  void* original = provider.begin_(provider.original_context_, selection, parameters);
  if (original == nullptr) return nullptr;
  const bool of_pair = (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0;
  auto* made = new (std::nothrow) Generation{provider, original, of_pair};
  if (made == nullptr) provider.end_(original);
  return made;
}

int KeyShareReuse::Provider::set(void* pointer, const OSSL_PARAM* parameters) {
  const Generation& of = generation(pointer);
  return of.provider.set_(of.original, parameters);
}

const OSSL_PARAM* KeyShareReuse::Provider::settable(void* pointer, void* context) {
  void* original = pointer == nullptr ? nullptr : generation(pointer).original;
  return self(context).settable_(original, self(context).original_context_);
}

void* KeyShareReuse::Provider::generate(void* pointer, OSSL_CALLBACK* progress, void* argument) {
  const Generation& of = generation(pointer);
  return of.of_pair ? of.provider.next_key(of.original, progress, argument)
                    : of.provider.generate_(of.original, progress, argument);
}

void KeyShareReuse::Provider::end(void* pointer) {
  Generation* ended = &generation(pointer);
  ended->provider.end_(ended->original);
  delete ended;
}

void* KeyShareReuse::Provider::next_key(void* original_generation, OSSL_CALLBACK* progress,
                                        void* argument) {
  const Clock::time_point now = Clock::now();
  if (now >= until_) forget();
  if (key_ == nullptr) {
    key_ = generate_(original_generation, progress, argument);
    if (key_ == nullptr) return nullptr;
    left_ = bounds_.handshakes;
    until_ = now + bounds_.time;
  }
  return --left_ == 0 ? std::exchange(key_, nullptr) : copy_key_(key_, OSSL_KEYMGMT_SELECT_ALL);
}

// OpenSSL wipes a key that it frees.
void KeyShareReuse::Provider::forget() {
  if (key_ != nullptr) free_key_(std::exchange(key_, nullptr));
}

// --- The library

KeyShareReuse::KeyShareReuse(const ClientLibrary& library, const Bounds& bounds) {
  if (bounds.handshakes < kLeastHandshakes || bounds.handshakes > kMostHandshakes) {
    throw std::runtime_error("a key share can be used for " + std::to_string(kLeastHandshakes) +
                             " to " + std::to_string(kMostHandshakes) + " handshakes");
  }
  OSSL_LIB_CTX* context = library.context();
  ERR_clear_error();
  set_up(OSSL_PROVIDER_add_builtin(context, kName, Provider::start) == 1);
  provider_.reset(OSSL_PROVIDER_load(context, kName));
  set_up(provider_ != nullptr);
  static_cast<Provider*>(OSSL_PROVIDER_get0_provider_ctx(provider_.get()))
      ->imitate(library.default_provider(), bounds);
  set_up(EVP_set_default_properties(context, kPreference) == 1);
}

KeyShareReuse::~KeyShareReuse() = default;

}  // namespace sluice::tls
