#include "control/client_contexts.h"

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <utility>

#include "control/config/client_settings.h"
#include "tls/certificate/certificate.h"
#include "tls/certificate/pem_file.h"

namespace sluice::control {
namespace {

void append_digest(std::string& text, const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) {
    throw std::runtime_error("OpenSSL has no SHA-256: " + tls::take_openssl_error());
  }
  text.append(reinterpret_cast<const char*>(digest.data()), size);
}

// The same text for settings that lead to the same: files count by what is in them now.
std::string essence_of(const tls::ClientSettings& settings) {
  std::string text = std::to_string(static_cast<int>(settings.min_version)) + '/' +
                     std::to_string(static_cast<int>(settings.verification)) + '/' +
                     (settings.alpn.empty() ? "" : settings.alpn.front()) + '/';
  if (settings.verification == tls::Verification::kAuthority) {
    for (const auto& authority : tls::read_pem_file(settings.authorities).certificates) {
      append_digest(text, authority.get());
    }
  }
  text += '/';
  if (!settings.certificate) return text;
  // A key belongs to its certificate.
  const tls::Certificate own = tls::load_certificate(*settings.certificate);
  append_digest(text, own.leaf.get());
  for (const auto& issuer : own.chain) append_digest(text, issuer.get());
  return text;
}

using Context = tls::ClientContext;

// All of them, or nothing when one is gone. Workers may let go of some at any time.
std::optional<ClientContexts::List> locked(const std::vector<std::weak_ptr<const Context>>& made) {
  ClientContexts::List list;
  for (const auto& context : made) list.push_back(context.lock());
  if (std::ranges::find(list, nullptr) != list.end()) return {};
  return list;
}

}  // namespace

ClientContexts::List ClientContexts::of(const BackendTlsConfig& config, Mode mode) {
  tls::ClientSettings settings = client_settings(config);
  if (mode == Mode::kTcp) settings.alpn.clear();
  const std::string essence = essence_of(settings);
  std::erase_if(made_, [](const auto& entry) { return !locked(entry.second); });
  if (const auto found = made_.find(essence); found != made_.end()) {
    if (auto list = locked(found->second)) return *std::move(list);
  }
  List list = make(settings);
  made_[essence].assign(list.begin(), list.end());
  return list;
}

ClientContexts::List ClientContexts::make(tls::ClientSettings settings) const {
  List list;
  for (std::uint32_t worker = 0; worker < workers_; ++worker) {
    if (key_log_ != nullptr) settings.key_log = &key_log_->ring(worker);
    list.push_back(std::make_shared<const tls::ClientContext>(settings));
  }
  return list;
}

}  // namespace sluice::control
