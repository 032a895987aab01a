#include "control/commands.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "control/access_log/access_log_commands.h"
#include "control/admin/client.h"
#include "control/admin/readable.h"
#include "control/admin/sockets.h"
#include "control/admin_commands.h"
#include "control/capture/capture_client.h"
#include "control/capture/capture_commands.h"
#include "control/certificates/certificate_commands.h"
#include "control/certificates/certificate_store.h"
#include "control/certificates/expiry_watch.h"
#include "control/config/checks.h"
#include "control/config/load.h"
#include "control/control_loop.h"
#include "control/engine.h"
#include "control/error_commands.h"
#include "control/key_log/key_log.h"
#include "control/log.h"
#include "control/management/management_listeners.h"
#include "control/management/management_server.h"
#include "control/management/report_desk.h"
#include "control/monitor.h"
#include "control/reload/frontend_commands.h"
#include "control/reload/reload_commands.h"
#include "control/reload/reloader.h"
#include "control/reload/server_commands.h"
#include "control/server_table_commands.h"
#include "control/sessions/session_commands.h"
#include "control/sessions/shutdown_commands.h"
#include "control/settings_builder.h"
#include "control/telemetry.h"
#include "control/tickets/ticket_commands.h"
#include "control/tickets/ticket_keeper.h"
#include "control/top/top_command.h"
#include "control/version.h"

namespace sluice::control {
namespace {

void print(std::FILE* stream, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

int cannot_start(const std::string& reason) {
  log_error("cannot start: " + reason);
  if (::geteuid() != 0) {
    log_error("it does not run as root: network devices and hugepages need that, or capabilities");
  }
  return kCannotStart;
}

std::unique_ptr<KeyLog> open_key_log(const Config& config) {
  const std::string& path = config.process.tls_key_log;
  if (path.empty()) return nullptr;
  auto key_log = std::make_unique<KeyLog>(path, worker_count(config));
  log_warning("the secrets of every TLS connection are written to " + path +
              " (sluice.tls.key_log): whoever reads it can read the connections");
  return key_log;
}

// What the management address shows, and who shows it; nothing without an address.
struct Management {
  Management(ManagementListeners listeners, Monitor& monitor, const CertificateStore& certificates)
      : desk([&monitor, &certificates] {
          Report report = monitor.report();
          report.certificates = report_certificates(certificates);
          return report;
        }),
        server(std::move(listeners), desk) {}

  ReportDesk desk;
  ManagementServer server;
};

int end(Engine& engine) {
  if (engine.end()) {
    log_info("ended");
    return kSuccess;
  }
  // Its thread still uses what would be taken down.
  log_error("a worker does not end; the process ends without it");
  std::_Exit(kWorkerStuck);
}

// Reads and checks a configuration with all that it names, and prints what is wrong with it.
struct Checked {
  explicit Checked(const std::string& file) {
    Diagnostics problems;
    if (auto read = read_config_file(file, problems)) {
      text = *std::move(read);
      config = read_config(text, problems);
    }
    if (config) {
      certificates = std::make_shared<CertificateStore>(worker_count(*config));
      check_certificates(*config, *certificates, problems);
      check_ticket_keys(*config, problems);
    }
    print(stderr, problems.format(file));
    good = problems.ok();
  }

  std::string text;
  std::optional<Config> config;
  std::shared_ptr<CertificateStore> certificates;
  bool good = false;
};

// Devices are touched last, when nothing else can go wrong any more.
int run(const std::string& path, Checked checked) {
  const Config& config = *checked.config;
  const SignalQueue signals;
  const auto key_log = open_key_log(config);
  TicketKeeper tickets(config.process, std::chrono::steady_clock::now());
  SettingsBuilder builder(worker_count(config), key_log.get(), &tickets.keys(),
                          std::move(checked.certificates));
  http::Settings settings = builder.build(config);
  CommandTable commands;
  AdminSockets admin(config, commands);
  ManagementListeners listeners(config.management.addresses());
  Engine engine(config);
  for (const std::string& warning : engine.warnings()) log_warning(warning);
  print(stderr, engine.describe());
  engine.publish(std::move(settings));
  Monitor monitor(engine);
  add_admin_commands(commands, monitor);
  add_session_commands(commands, engine);
  add_shutdown_commands(commands, engine);
  add_error_commands(commands, engine, monitor);
  add_capture_commands(commands, engine);
  add_access_log_commands(commands, engine);
  add_ticket_commands(commands, tickets,
                      [&engine](auto replaced) { engine.retire(std::move(replaced)); });
  monitor.guard_ids(builder, engine);
  ReadFile file{std::move(checked.text), config};
  Reloader reloader(path, std::move(file), builder,
                    [&](http::Settings next, const Config& changed) {
                      const SettingsBuilder::Renamed renamed = builder.take_renamed();
                      monitor.begin_afresh(renamed);
                      for (const http::ServerId server : renamed.servers) engine.forget(server);
                      engine.publish(std::move(next), changed);
                      set_log_level(changed.process.log_level);
                    });
  add_reload_commands(commands, reloader);
  add_frontend_commands(commands, reloader);
  add_server_commands(commands, reloader, [&](const std::string& backend, const std::string& name) {
    return monitor.in_use(backend, name);
  });
  add_server_table_commands(commands, monitor, engine,
                            [&](const std::string& backend, const http::Server& server) {
                              return reloader.initial_weight(backend, server.name);
                            });
  add_certificate_commands(commands, builder.certificates(),
                           [&] { reloader.publish_certificates(engine.snapshot().http); });
  ExpiryWatch expiry(builder.certificates(), static_cast<std::int64_t>(std::time(nullptr)));
  std::optional<Telemetry> telemetry;
  if (config.process.telemetry) telemetry.emplace().update(monitor);
  engine.start();
  log_info("Sluice " + std::string(kVersion) + " runs, with " +
           std::to_string(worker_count(config)) +
           (worker_count(config) == 1 ? " worker" : " workers"));
  std::optional<Management> management;
  if (!listeners.sockets().empty()) {
    management.emplace(std::move(listeners), monitor, builder.certificates());
  }
  ControlLoop(engine, monitor, tickets, &admin, key_log.get(), signals, &expiry, &reloader,
              telemetry ? &*telemetry : nullptr, management ? &management->desk : nullptr)
      .run();
  return end(engine);
}

// Where the admin socket is; nothing, and a message, when the configuration does not say.
std::optional<std::string> admin_path(const std::optional<std::string>& socket,
                                      const std::optional<std::string>& file) {
  if (socket || !file) return socket.value_or(ProcessConfig{}.admin_socket);
  Diagnostics problems;
  const auto config = load_config(*file, problems);
  if (config && problems.ok()) return config->process.admin_socket;
  print(stderr, problems.format(*file));
  return {};
}

// What a command's payload is: all of the standard input, without the empty lines, of which the
// first would end it.
std::string payload_from_input() {
  std::string payload;
  std::string line;
  while (std::getline(std::cin, line)) {
    if (line.find_first_not_of(" \t\r") != std::string::npos) payload += line + "\n";
  }
  return payload;
}

}  // namespace

int check_command(const std::string& file) {
  if (!Checked(file).good) return kFault;
  print(stdout, file + ": ok\n");
  return kSuccess;
}

int run_command(const std::string& file) {
  Checked checked(file);
  if (!checked.good) return kFault;
  set_log_level(checked.config->process.log_level);
  try {
    return run(file, std::move(checked));
  } catch (const std::exception& fault) {
    return cannot_start(fault.what());
  }
}

int ctl_command(const std::optional<std::string>& socket, const std::optional<std::string>& file,
                const std::vector<std::string>& words, bool raw) {
  const auto path = admin_path(socket, file);
  if (!path) return kFault;
  std::string command;
  for (const std::string& word : words) command += (command.empty() ? "" : " ") + word;
  if (command.ends_with("<<")) command += "\n" + payload_from_input();
  try {
    const AdminReply reply = ask_admin(*path, command.empty() ? "help" : command);
    const bool for_people = !raw && !reply.failed && ::isatty(STDOUT_FILENO) == 1;
    print(reply.failed ? stderr : stdout, for_people ? readable(reply.text) : reply.text);
    return reply.failed ? kFault : kSuccess;
  } catch (const std::runtime_error& fault) {
    print(stderr, std::string("sluice ctl: ") + fault.what() + "\n");
    return kFault;
  }
}

int top_command(const std::optional<std::string>& socket, const std::optional<std::string>& file) {
  const auto path = admin_path(socket, file);
  if (!path) return kFault;
  try {
    return show_top(*path);
  } catch (const std::runtime_error& fault) {
    print(stderr, std::string("sluice top: ") + fault.what() + "\n");
    return kFault;
  }
}

int capture_command(const std::optional<std::string>& socket,
                    const std::optional<std::string>& file, const std::string& target,
                    const std::vector<std::string>& words) {
  const auto path = admin_path(socket, file);
  if (!path) return kFault;
  try {
    const CaptureResult result = capture_to_file(*path, words, target);
    print(stderr, result.message);
    return result.failed ? kFault : kSuccess;
  } catch (const std::runtime_error& fault) {
    print(stderr, std::string("sluice capture: ") + fault.what() + "\n");
    return kFault;
  }
}

}  // namespace sluice::control
