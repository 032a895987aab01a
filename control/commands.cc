#include "control/commands.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "control/admin/client.h"
#include "control/admin/readable.h"
#include "control/appliance.h"
#include "control/capture/capture_client.h"
#include "control/checked_file.h"
#include "control/config/load.h"
#include "control/log.h"
#include "control/top/top_command.h"

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

int end(Appliance& appliance) {
  if (appliance.end()) {
    log_info("ended");
    return kSuccess;
  }
  log_error("a worker does not end; the process ends without it");
  std::_Exit(kWorkerStuck);
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
  const CheckedFile checked(file);
  print(stderr, checked.problems);
  if (!checked.good) return kFault;
  print(stdout, file + ": ok\n");
  return kSuccess;
}

int run_command(const std::string& file) {
  CheckedFile checked(file);
  print(stderr, checked.problems);
  if (!checked.good) return kFault;
  set_log_level(checked.config->process.log_level);
  try {
    Appliance appliance(file, std::move(checked));
    appliance.run();
    return end(appliance);
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
