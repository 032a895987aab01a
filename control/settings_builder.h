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
#include "control/stable_ids.h"
#include "http/counters.h"
#include "http/settings.h"
#include "tls/certificate/certificate_set.h"
#include "tls/server/client_verification.h"
#include "tls/server/server_policy.h"
#include "tls/server/ticket_key_ring.h"

namespace sluice::control {

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
  /// each worker has identities and contexts of its own, and keeps those that would only be made
  /// again. Throws std::runtime_error when a file cannot be used any more, or there are too many
  /// names.
  http::Settings build(const Config& config);
  /// `present`, which build() or this has made of `config`, with the certificates that are in the
  /// store now. Frontends whose certificates are the same keep their identities.
  http::Settings renew_certificates(const http::Settings& present, const Config& config);

  /// Whether the workers have let go of a frontend, backend or server that no configuration names
  /// any more: its id may then go to another. Without these it may at once.
  void set_reusable(StableIds<http::FrontendId>::Reusable frontends,
                    StableIds<http::BackendId>::Reusable backends,
                    StableIds<http::ServerId>::Reusable servers);

  /// Ids that build() has given to others than had them before.
  struct Renamed {
    std::vector<http::FrontendId> frontends;
    std::vector<http::BackendId> backends;
    std::vector<http::ServerId> servers;
  };
  /// Those since the last call.
  Renamed take_renamed();

  [[nodiscard]] CertificateStore& certificates() { return *certificates_; }

 private:
  using Identities = decltype(http::Frontend::identities);

  // What a frontend shows to TLS clients, and what that was made of.
  struct Shown {
    tls::CertificateSet::List certificates;
    tls::ServerPolicy policy;
    bool strict_sni = false;
    std::uint32_t tickets = 0;
    std::string scope;
    bool tcp = false;  ///< what is spoken over it is not agreed on
    Identities identities;

    /// Whether both are made of the same.
    [[nodiscard]] bool same_as(const Shown& other) const;
  };

  void forget_gone(const Config& config);
  http::Frontend frontend(const FrontendConfig& config, const ProcessConfig& process);
  http::CheckSettings check(const BackendConfig& config);
  http::Backend backend(const BackendConfig& config, Mode mode);
  Identities identities(const FrontendConfig& config, const ProcessConfig& process);
  [[nodiscard]] Identities make_identities(const Shown& shown, const ProcessConfig& process,
                                           std::shared_ptr<const tls::ClientVerification> clients);
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
  std::map<std::string, Shown> shown_;  // by frontend
  static constexpr std::size_t kMostIds = http::CounterTable<http::ServerCounters>::kCapacity;
  StableIds<http::FrontendId> frontend_ids_{kMostIds};
  StableIds<http::BackendId> backend_ids_{kMostIds};
  StableIds<http::ServerId> server_ids_{kMostIds};
};

}  // namespace sluice::control
