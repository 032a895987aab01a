#include "control/settings_builder.h"

#include <chrono>
#include <span>
#include <utility>

#include "control/config/server_policy.h"
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
  for (const BackendConfig& each : config.backends) put(settings.backends, backend(each));
  for (const FrontendConfig& each : config.frontends) {
    put(settings.frontends, frontend(each, config.process));
  }
  settings.server_count = static_cast<std::uint32_t>(server_ids_.size());
  return settings;
}

http::Frontend SettingsBuilder::frontend(const FrontendConfig& config,
                                         const ProcessConfig& process) {
  http::Frontend frontend;
  frontend.id = frontend_ids_.of(config.name.value);
  frontend.name = config.name.value;
  for (const auto& bind : config.bind) frontend.bind.push_back(bind.value);
  frontend.identities = identities(config, process);
  frontend.client_certificates = config.tls.client_auth.value != tls::ClientAuth::kNone;
  for (const RouteConfig& route : config.routes) {
    frontend.routes.push_back(
        {route.host.value, route.path.value, backend_ids_.of(route.backend.value)});
  }
  if (!config.backend.value.empty()) {
    frontend.default_backend = backend_ids_.of(config.backend.value);
  }
  frontend.router = std::make_shared<const http::Router>(frontend.routes, frontend.default_backend);
  frontend.timeouts = config.timeouts;
  frontend.limits = config.limits;
  frontend.forwarded_headers = config.forwarded;
  frontend.via_header = config.via;
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
      renewed->identities = identities(each, config.process, frontend->identities);
    }
    settings.frontends.back() = std::move(renewed);
  }
  return settings;
}

SettingsBuilder::Identities SettingsBuilder::identities(const FrontendConfig& config,
                                                        const ProcessConfig& process,
                                                        const Identities& present) {
  Identities identities;
  if (config.certificates.empty()) return identities;
  tls::CertificateSet::List list;
  for (const auto& path : config.certificates) {
    const tls::CertificateSet::List found = certificates_->at(path.value);
    list.insert(list.end(), found.begin(), found.end());
  }
  if (!present.empty() && present.front()->certificates().certificates() == list) return present;
  const auto set = std::make_shared<const tls::CertificateSet>(std::move(list));
  std::erase_if(sets_, [](const auto& former) { return former.use_count() == 1; });
  sets_.push_back(set);
  tls::IdentityOptions options;
  options.policy = server_policy(config.tls);
  options.clients = clients(config);
  options.strict_sni = config.strict_sni.value;
  options.tickets = {
      .count = config.tickets.value,
      .keys = ticket_keys_,
      .lifetime = std::chrono::floor<std::chrono::seconds>(process.ticket_lifetime.value),
      .scope = scope_of(config.name.value, options.clients.get())};
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

http::Backend SettingsBuilder::backend(const BackendConfig& config) {
  http::Backend backend;
  backend.id = backend_ids_.of(config.name.value);
  backend.name = config.name.value;
  for (const ServerConfig& server : config.servers) {
    backend.servers.push_back({server_ids_.of(config.name.value + "/" + server.name.value),
                               server.name.value, server.address.value, tls_name(config, server)});
  }
  if (config.tls.enabled.value) backend.tls_contexts = client_contexts_.of(config.tls);
  backend.timeouts = config.timeouts;
  backend.pool_connections = config.pool_connections;
  backend.response_head_bytes = config.response_head_bytes;
  backend.retries = config.retries;
  backend.server_pause = config.server_pause;
  return backend;
}

}  // namespace sluice::control
