#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/certificates/certificate_store.h"
#include "control/client_contexts.h"
#include "control/config/config.h"
#include "control/key_log/key_log.h"
#include "http/settings.h"
#include "tls/server/client_verification.h"
#include "tls/server/ticket_key_ring.h"

namespace sluice::control {

/// Ids by name that stay the same as long as this object lives, whatever comes and goes: counters,
/// connections and pools that workers keep by id survive a new configuration.
template <typename Id>
class StableIds {
 public:
  Id of(const std::string& name) {
    const auto next = static_cast<typename Id::rep>(ids_.size());
    return Id(ids_.emplace(name, next).first->second);
  }
  [[nodiscard]] std::size_t size() const { return ids_.size(); }

 private:
  std::map<std::string, typename Id::rep> ids_;
};

/// Makes what the proxy reads from what the operator wrote.
class SettingsBuilder {
 public:
  /// `key_log` and `ticket_keys` may be null, and outlive all connections. `certificates`, made for
  /// as many workers, has those that are loaded already; null: none are.
  explicit SettingsBuilder(std::uint32_t workers, KeyLog* key_log = nullptr,
                           const tls::TicketKeys* ticket_keys = nullptr,
                           std::shared_ptr<CertificateStore> certificates = nullptr)
      : workers_(workers),
        key_log_(key_log),
        ticket_keys_(ticket_keys),
        certificates_(certificates != nullptr ? std::move(certificates)
                                              : std::make_shared<CertificateStore>(workers)),
        client_contexts_(workers, key_log) {}

  /// `config` has passed its checks. Loads authorities, and certificates that are not loaded yet;
  /// each worker has identities and contexts of its own. Throws std::runtime_error when a file
  /// cannot be used any more.
  http::Settings build(const Config& config);
  /// `present`, which build() or this has made of `config`, with the certificates that are in the
  /// store now. Frontends whose certificates are the same keep their identities.
  http::Settings renew_certificates(const http::Settings& present, const Config& config);

  [[nodiscard]] CertificateStore& certificates() { return *certificates_; }

 private:
  using Identities = decltype(http::Frontend::identities);

  http::Frontend frontend(const FrontendConfig& config, const ProcessConfig& process);
  http::Backend backend(const BackendConfig& config);
  Identities identities(const FrontendConfig& config, const ProcessConfig& process,
                        const Identities& present = {});
  std::shared_ptr<const tls::ClientVerification> clients(const FrontendConfig& config);

  std::uint32_t workers_;
  KeyLog* key_log_;
  const tls::TicketKeys* ticket_keys_;
  std::shared_ptr<CertificateStore> certificates_;
  ClientContexts client_contexts_;
  // All that were made: the last handshake that holds one would free thousands of names otherwise,
  // on its worker.
  std::vector<std::shared_ptr<const tls::CertificateSet>> sets_;
  // By frontend: read by build() alone.
  std::map<std::string, std::shared_ptr<const tls::ClientVerification>> clients_;
  StableIds<http::FrontendId> frontend_ids_;
  StableIds<http::BackendId> backend_ids_;
  StableIds<http::ServerId> server_ids_;
};

}  // namespace sluice::control
