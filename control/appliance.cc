#include "control/appliance.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <utility>

#include "control/access_log/access_log_commands.h"
#include "control/admin_commands.h"
#include "control/capture/capture_commands.h"
#include "control/certificates/certificate_commands.h"
#include "control/control_loop.h"
#include "control/error_commands.h"
#include "control/log.h"
#include "control/reload/frontend_commands.h"
#include "control/reload/reload_commands.h"
#include "control/reload/server_commands.h"
#include "control/server_table_commands.h"
#include "control/sessions/session_commands.h"
#include "control/sessions/shutdown_commands.h"
#include "control/tickets/ticket_commands.h"
#include "control/version.h"

namespace sluice::control {
namespace {

std::unique_ptr<KeyLog> open_key_log(const Config& config) {
  const std::string& path = config.process.tls_key_log;
  if (path.empty()) return nullptr;
  auto key_log = std::make_unique<KeyLog>(path, worker_count(config));
  log_warning("the secrets of every TLS connection are written to " + path +
              " (sluice.tls.key_log): whoever reads it can read the connections");
  return key_log;
}

std::string workers_of(const Config& config) {
  const std::uint32_t workers = worker_count(config);
  return std::to_string(workers) + (workers == 1 ? " worker" : " workers");
}

}  // namespace

Appliance::Management::Management(ManagementListeners listeners, Monitor& monitor,
                                  const CertificateStore& certificates)
    : desk([&monitor, &certificates] {
        Report report = monitor.report();
        report.certificates = report_certificates(certificates);
        return report;
      }),
      server(std::move(listeners), desk) {}

Appliance::Appliance(std::string path, CheckedFile checked)
    : config_(*std::move(checked.config)),
      watchdog_(watchdog_patience()),
      rights_(config_),
      key_log_(open_key_log(config_)),
      tickets_(config_.process, std::chrono::steady_clock::now()),
      builder_(worker_count(config_), key_log_.get(), &tickets_.keys(),
               std::move(checked.certificates)),
      first_(builder_.build(config_)),
      admin_(config_, commands_),
      listeners_(config_.management.addresses()),
      engine_(config_),
      monitor_(engine_),
      reloader_(std::move(path), {std::move(checked.text), config_}, builder_,
                [this](http::Settings next, const Config& changed) {
                  publish(std::move(next), changed);
                }),
      expiry_(builder_.certificates(), static_cast<std::int64_t>(std::time(nullptr))) {
  tell_of_devices();
  engine_.publish(std::move(first_));
  monitor_.guard_ids(builder_, engine_);
  add_observing_commands();
  add_changing_commands();
  reloader_.observe([this](bool under_way) { tell_of_reload(under_way); });
  open_telemetry();
}

void Appliance::tell_of_devices() const {
  for (const std::string& warning : engine_.warnings()) log_warning(warning);
  const std::string devices = engine_.describe();
  std::fwrite(devices.data(), 1, devices.size(), stderr);
  std::fflush(stderr);
}

void Appliance::publish(http::Settings next, const Config& changed) {
  const SettingsBuilder::Renamed renamed = builder_.take_renamed();
  monitor_.begin_afresh(renamed);
  for (const http::ServerId server : renamed.servers) engine_.forget(server);
  engine_.publish(std::move(next), changed);
  set_log_level(changed.process.log_level);
}

void Appliance::add_observing_commands() {
  add_admin_commands(commands_, monitor_);
  add_session_commands(commands_, engine_);
  add_error_commands(commands_, engine_, monitor_);
  add_capture_commands(commands_, engine_);
  add_access_log_commands(commands_, engine_);
}

void Appliance::add_changing_commands() {
  add_shutdown_commands(commands_, engine_);
  add_ticket_commands(commands_, tickets_,
                      [this](auto replaced) { engine_.retire(std::move(replaced)); });
  add_reload_commands(commands_, reloader_);
  add_frontend_commands(commands_, reloader_);
  add_server_commands(commands_, reloader_,
                      [this](const std::string& backend, const std::string& name) {
                        return monitor_.in_use(backend, name);
                      });
  add_server_table_commands(commands_, monitor_, engine_,
                            [this](const std::string& backend, const http::Server& server) {
                              return reloader_.initial_weight(backend, server.name);
                            });
  add_certificate_commands(commands_, builder_.certificates(),
                           [this] { reloader_.publish_certificates(engine_.snapshot().http); });
}

void Appliance::open_telemetry() {
  if (config_.process.telemetry) telemetry_.emplace().update(monitor_);
}

// Its thread begins behind the workers.
void Appliance::open_management() {
  if (listeners_.sockets().empty()) return;
  management_.emplace(std::move(listeners_), monitor_, builder_.certificates());
}

// Who may command Sluice is then said by the sockets' modes and these owners.
void Appliance::reduce_rights() const {
  if (const auto& account = rights_.account()) admin_.give_to(account->user, account->group);
  rights_.reduce();
}

void Appliance::run() {
  reduce_rights();
  engine_.start();
  log_info("Sluice " + std::string(kVersion) + " runs, with " + workers_of(config_));
  open_management();
  service_.ready();
  turn();
}

void Appliance::tell_of_reload(bool under_way) const {
  if (under_way) {
    service_.reloading();
  } else {
    service_.ready();
  }
}

void Appliance::turn() {
  ControlLoop({.engine = engine_,
               .monitor = monitor_,
               .tickets = tickets_,
               .signals = signals_,
               .admin = &admin_,
               .key_log = key_log_.get(),
               .expiry = &expiry_,
               .reloader = &reloader_,
               .telemetry = telemetry_ ? &*telemetry_ : nullptr,
               .reports = management_ ? &management_->desk : nullptr,
               .service = &service_,
               .watchdog = &watchdog_})
      .run();
}

}  // namespace sluice::control
