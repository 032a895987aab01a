#include "control/settings_builder.h"

#include <chrono>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "control/config/answers.h"
#include "control/config/header_edits.h"
#include "control/config/server_policy.h"
#include "http/address_filter.h"
#include "http/balancing/maglev.h"
#include "http/router.h"
#include "tls/server/server_identity.h"

namespace sluice::control {
namespace {

template <typename T>
void put(std::vector<std::unique_ptr<const T>>& list, T item) {
  const std::size_t index = item.id.index();
  if (list.size() <= index) list.resize(index + 1);
  list[index] = std::make_unique<const T>(std::move(item));
}

// Whom a server's certificate must be for; never what a client asks for.
std::string tls_name(const BackendConfig& backend, const ServerConfig& server) {
  if (!backend.tls.enabled.value) return {};
  if (!server.tls_server_name.value.empty()) return server.tls_server_name.value;
  if (!backend.tls.server_name.value.empty()) return backend.tls.server_name.value;
  return server.address.value.address.to_string();
}

// That of the frontends which use a backend; it is checked that there is only one.
Mode mode_of(const std::string& backend, const Config& config) {
  for (const FrontendConfig& frontend : config.frontends) {
    if (frontend.mode.value == Mode::kTcp && frontend.backend.value == backend) return Mode::kTcp;
  }
  return Mode::kHttp;
}

std::vector<wire::Prefix> values_of(const std::vector<Located<wire::Prefix>>& networks) {
  std::vector<wire::Prefix> values;
  for (const auto& network : networks) values.push_back(network.value);
  return values;
}

void admission(const FrontendConfig& config, http::Frontend& frontend) {
  frontend.connection_limit = config.connection_limit;
  if (config.allow.empty() && config.deny.empty()) return;
  frontend.filter =
      std::make_shared<const http::AddressFilter>(values_of(config.allow), values_of(config.deny));
}

// What a session is bound to: a resumed one keeps what was verified when it was new.
std::string scope_of(const std::string& frontend, const tls::ClientVerification* clients) {
  if (clients == nullptr) return frontend;
  const std::span<const unsigned char> tag = clients->tag();
  return frontend + '\0' + std::string(tag.begin(), tag.end());
}

}  // namespace

http::Settings SettingsBuilder::build(const Config& config) {
  clients_.clear();
  http::Settings settings;
  for (const BackendConfig& each : config.backends) {
    put(settings.backends, backend(each, mode_of(each.name.value, config)));
  }
  for (const FrontendConfig& each : config.frontends) {
    put(settings.frontends, frontend(each, config.process));
  }
  settings.server_count = static_cast<std::uint32_t>(server_ids_.size());
  forget_gone(config);
  return settings;
}

void SettingsBuilder::forget_gone(const Config& config) {
  frontend_ids_.end_round();
  backend_ids_.end_round();
  server_ids_.end_round();
  std::set<std::string_view> names;
  for (const FrontendConfig& each : config.frontends) names.insert(each.name.value);
  std::erase_if(shown_, [&](const auto& entry) { return !names.contains(entry.first); });
}

void SettingsBuilder::set_reusable(StableIds<http::FrontendId>::Reusable frontends,
                                   StableIds<http::BackendId>::Reusable backends,
                                   StableIds<http::ServerId>::Reusable servers) {
  frontend_ids_.set_reusable(std::move(frontends));
  backend_ids_.set_reusable(std::move(backends));
  server_ids_.set_reusable(std::move(servers));
}

SettingsBuilder::Renamed SettingsBuilder::take_renamed() {
  return {frontend_ids_.take_renamed(), backend_ids_.take_renamed(), server_ids_.take_renamed()};
}

http::Frontend SettingsBuilder::frontend(const FrontendConfig& config,
                                         const ProcessConfig& process) {
  http::Frontend frontend;
  frontend.id = frontend_ids_.of(config.name.value);
  frontend.name = config.name.value;
  for (const auto& bind : config.bind) frontend.bind.push_back(bind.value);
  frontend.tcp = config.mode.value == Mode::kTcp;
  frontend.enabled = config.enabled;
  frontend.identities = identities(config, process);
  frontend.client_certificates = config.tls.client_auth.value != tls::ClientAuth::kNone;
  for (const RouteConfig& route : config.routes) {
    const bool forwards = !route.backend.value.empty();
    frontend.routes.push_back({route.host.value, route.path.value,
                               forwards ? backend_ids_.of(route.backend.value) : http::BackendId(),
                               answer_of(route)});
  }
  if (!config.backend.value.empty()) {
    frontend.default_backend = backend_ids_.of(config.backend.value);
  }
  frontend.default_answer = redirection(config.redirect.value);
  frontend.router = std::make_shared<const http::Router>(
      frontend.routes, http::RouteTarget{frontend.default_backend, frontend.default_answer});
  admission(config, frontend);
  frontend.host = host_of(config.request);
  frontend.request_edits = header_edits(config.request, kInRequests);
  frontend.response_edits = header_edits(config.response, kInResponses);
  frontend.timeouts = config.timeouts;
  frontend.limits = config.limits;
  frontend.forwarded_headers = config.forwarded;
  frontend.via_header = config.via;
  frontend.access_log = config.access_log;
  return frontend;
}

http::Settings SettingsBuilder::renew_certificates(const http::Settings& present,
                                                   const Config& config) {
  http::Settings settings;
  settings.server_count = present.server_count;
  settings.via_name = present.via_name;
  for (const auto& backend : present.backends) {
    settings.backends.push_back(backend == nullptr ? nullptr
                                                   : std::make_unique<http::Backend>(*backend));
  }
  for (const auto& frontend : present.frontends) {
    settings.frontends.push_back(nullptr);
    if (frontend == nullptr) continue;
    auto renewed = std::make_unique<http::Frontend>(*frontend);
    for (const FrontendConfig& each : config.frontends) {
      if (each.name.value != frontend->name) continue;
      renewed->identities = identities(each, config.process);
    }
    settings.frontends.back() = std::move(renewed);
  }
  return settings;
}

bool SettingsBuilder::Shown::same_as(const Shown& other) const {
  return certificates == other.certificates && policy == other.policy &&
         strict_sni == other.strict_sni && tickets == other.tickets && scope == other.scope &&
         tcp == other.tcp;
}

// Made anew only where something has changed that they are made of: thousands of certificates cost
// time, and whoever is in a handshake holds the old ones.
SettingsBuilder::Identities SettingsBuilder::identities(const FrontendConfig& config,
                                                        const ProcessConfig& process) {
  if (config.certificates.empty()) {
    shown_.erase(config.name.value);
    return {};
  }
  const auto verification = clients(config);
  Shown wanted{.certificates = {},
               .policy = server_policy(config.tls),
               .strict_sni = config.strict_sni.value,
               .tickets = config.tickets.value,
               .scope = scope_of(config.name.value, verification.get()),
               .tcp = config.mode.value == Mode::kTcp,
               .identities = {}};
  for (const auto& path : config.certificates) {
    const tls::CertificateSet::List found = certificates_->at(path.value);
    wanted.certificates.insert(wanted.certificates.end(), found.begin(), found.end());
  }
  Shown& shown = shown_[config.name.value];
  if (shown.identities.empty() || !shown.same_as(wanted)) {
    wanted.identities = make_identities(wanted, process, verification);
    shown = std::move(wanted);
  }
  return shown.identities;
}

SettingsBuilder::Identities SettingsBuilder::make_identities(
    const Shown& shown, const ProcessConfig& process,
    std::shared_ptr<const tls::ClientVerification> clients) {
  const auto set = std::make_shared<const tls::CertificateSet>(shown.certificates);
  std::erase_if(sets_, [](const auto& former) { return former.use_count() == 1; });
  sets_.push_back(set);
  tls::IdentityOptions options;
  options.policy = shown.policy;
  options.clients = std::move(clients);
  options.strict_sni = shown.strict_sni;
  if (shown.tcp) options.alpn.clear();  // who knows what is spoken
  options.tickets = {
      .count = shown.tickets,
      .keys = ticket_keys_,
      .lifetime = std::chrono::floor<std::chrono::seconds>(process.ticket_lifetime.value),
      .scope = shown.scope};
  Identities identities;
  for (options.worker = 0; options.worker < workers_; ++options.worker) {
    if (key_log_ != nullptr) options.key_log = &key_log_->ring(options.worker);
    identities.push_back(std::make_shared<const tls::ServerIdentity>(set, options));
  }
  return identities;
}

std::shared_ptr<const tls::ClientVerification> SettingsBuilder::clients(
    const FrontendConfig& config) {
  if (config.tls.client_auth.value == tls::ClientAuth::kNone) return nullptr;
  auto& clients = clients_[config.name.value];
  if (clients == nullptr) {
    clients = std::make_shared<const tls::ClientVerification>(
        config.tls.client_auth.value, config.tls.client_ca.value, config.tls.client_crl.value);
  }
  return clients;
}

http::Backend SettingsBuilder::backend(const BackendConfig& config, Mode mode) {
  http::Backend backend;
  backend.id = backend_ids_.of(config.name.value);
  backend.name = config.name.value;
  for (const ServerConfig& server : config.servers) {
    backend.servers.push_back({.id = server_ids_.of(config.name.value + "/" + server.name.value),
                               .name = server.name.value,
                               .address = server.address.value,
                               .tls_name = tls_name(config, server),
                               .weight = server.weight,
                               .backup = server.backup,
                               .mode = server.mode,
                               .connection_limit = server.connection_limit});
  }
  if (config.tls.enabled.value) backend.tls_contexts = client_contexts_.of(config.tls, mode);
  backend.tcp = mode == Mode::kTcp;
  backend.timeouts = config.timeouts;
  backend.pool_connections = config.pool_connections;
  backend.response_head_bytes = config.response_head_bytes;
  backend.balancing = {config.balance, config.hash.value.by, config.hash.value.name,
                       config.slow_start};
  if (config.balance == http::Algorithm::kMaglev) backend.maglev = http::make_maglev_table(backend);
  backend.queue = config.queue;
  backend.retry = config.retry;
  backend.outliers = config.outliers;
  backend.check = check(config);
  backend.connection_limit = config.connection_limit;
  backend.server_pause = config.server_pause;
  return backend;
}

http::CheckSettings SettingsBuilder::check(const BackendConfig& config) {
  http::CheckSettings settings = config.check.settings;
  settings.kind = config.check.kind();
  settings.method = config.check.method.value;
  settings.path = config.check.http.value;
  settings.host = config.check.host.value;
  settings.statuses = config.check.statuses.value;
  settings.body = config.check.body.value;
  if (settings.kind == http::CheckKind::kTls && !config.tls.enabled.value) {
    BackendTlsConfig unverified;
    unverified.verify.value = tls::Verification::kNone;
    settings.tls_contexts = client_contexts_.of(unverified);
  }
  return settings;
}

}  // namespace sluice::control
