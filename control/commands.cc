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

#include "control/admin/client.h"
#include "control/admin/server.h"
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
#include "control/key_log/key_log.h"
#include "control/log.h"
#include "control/monitor.h"
#include "control/sessions/session_commands.h"
#include "control/settings_builder.h"
#include "control/tickets/ticket_commands.h"
#include "control/tickets/ticket_keeper.h"
#include "control/version.h"

namespace sluice::control {
namespace {

// What an admin socket's path is when there shall be none.
constexpr std::string_view kNoSocket = "none";

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

std::unique_ptr<AdminServer> open_admin(const Config& config, const CommandTable& commands) {
  if (config.process.admin_socket == kNoSocket) return nullptr;
  return std::make_unique<AdminServer>(config.process.admin_socket, config.process.admin_mode,
                                       commands);
}

std::unique_ptr<KeyLog> open_key_log(const Config& config) {
  const std::string& path = config.process.tls_key_log;
  if (path.empty()) return nullptr;
  auto key_log = std::make_unique<KeyLog>(path, worker_count(config));
  log_warning("the secrets of every TLS connection are written to " + path +
              " (sluice.tls.key_log): whoever reads it can read the connections");
  return key_log;
}

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
    config = load_config(file, problems);
    if (config) {
      certificates = std::make_shared<CertificateStore>(worker_count(*config));
      check_certificates(*config, *certificates, problems);
      check_ticket_keys(*config, problems);
    }
    print(stderr, problems.format(file));
    good = problems.ok();
  }

  std::optional<Config> config;
  std::shared_ptr<CertificateStore> certificates;
  bool good = false;
};

// Devices are touched last, when nothing else can go wrong any more.
int run(const Config& config, std::shared_ptr<CertificateStore> certificates) {
  const SignalQueue signals;
  const auto key_log = open_key_log(config);
  TicketKeeper tickets(config.process, std::chrono::steady_clock::now());
  SettingsBuilder builder(worker_count(config), key_log.get(), &tickets.keys(),
                          std::move(certificates));
  http::Settings settings = builder.build(config);
  CommandTable commands;
  const auto admin = open_admin(config, commands);
  Engine engine(config);
  for (const std::string& warning : engine.warnings()) log_warning(warning);
  print(stderr, engine.describe());
  engine.publish(std::move(settings));
  Monitor monitor(engine);
  add_admin_commands(commands, monitor);
  add_session_commands(commands, engine);
  add_capture_commands(commands, engine);
  add_ticket_commands(commands, tickets,
                      [&engine](auto replaced) { engine.retire(std::move(replaced)); });
  add_certificate_commands(commands, builder.certificates(), [&] {
    engine.publish(builder.renew_certificates(engine.snapshot().http, config));
  });
  ExpiryWatch expiry(builder.certificates(), static_cast<std::int64_t>(std::time(nullptr)));
  engine.start();
  log_info("Sluice " + std::string(kVersion) + " runs, with " +
           std::to_string(worker_count(config)) +
           (worker_count(config) == 1 ? " worker" : " workers"));
  ControlLoop(engine, monitor, tickets, admin.get(), key_log.get(), signals, &expiry).run();
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
    return run(*checked.config, std::move(checked.certificates));
  } catch (const std::exception& fault) {
    return cannot_start(fault.what());
  }
}

int ctl_command(const std::optional<std::string>& socket, const std::optional<std::string>& file,
                const std::vector<std::string>& words) {
  const auto path = admin_path(socket, file);
  if (!path) return kFault;
  std::string command;
  for (const std::string& word : words) command += (command.empty() ? "" : " ") + word;
  if (command.ends_with("<<")) command += "\n" + payload_from_input();
  try {
    const AdminReply reply = ask_admin(*path, command.empty() ? "help" : command);
    print(reply.failed ? stderr : stdout, reply.text);
    return reply.failed ? kFault : kSuccess;
  } catch (const std::runtime_error& fault) {
    print(stderr, std::string("sluice ctl: ") + fault.what() + "\n");
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
