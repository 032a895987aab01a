#include "control/service/service_manager.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "control/log.h"

namespace sluice::control {
namespace {

// The control thread waits for nothing else meanwhile.
constexpr timeval kPatience{.tv_sec = 0, .tv_usec = 200'000};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::optional<std::uint64_t> number(const std::string& text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (text.empty() || read.ec != std::errc() || read.ptr != end) return {};
  return value;
}

// Connected while the process may still reach it, which its later user perhaps may not.
FileDescriptor connect_to_manager(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return {};
  }
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name[0] == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    return {};
  }
  (void)::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  return socket;
}

std::int64_t monotonic_microseconds() {
  timespec now{};
  (void)::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

}  // namespace

ServiceManager::ServiceManager() : ServiceManager(environment("NOTIFY_SOCKET")) {}

ServiceManager::ServiceManager(const std::string& socket) {
  if (socket.empty()) return;
  socket_ = connect_to_manager(socket);
  if (!socket_) {
    log_warning("the service manager's socket " + socket +
                " (NOTIFY_SOCKET) cannot be reached: " + std::strerror(errno));
  }
}

// The time tells this reload's READY=1 from an earlier one (sd_notify(3)).
void ServiceManager::reloading() const {
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_microseconds()));
}

void ServiceManager::stopping(std::chrono::microseconds patience) const {
  tell("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(patience.count()));
}

void ServiceManager::status(std::string_view line) {
  if (!present() || status_ == line) return;
  status_ = line;
  tell("STATUS=" + status_);
}

void ServiceManager::tell(const std::string& lines) const {
  if (!present()) return;
  if (::send(socket_.get(), lines.data(), lines.size(), MSG_NOSIGNAL) < 0) {
    log_debug("the service manager was not told " + lines + ": " + std::strerror(errno));
  }
}

std::optional<std::chrono::microseconds> watchdog_patience() {
  const auto patience = number(environment("WATCHDOG_USEC"));
  if (!patience || *patience == 0) return {};
  const std::string process = environment("WATCHDOG_PID");
  if (!process.empty() && number(process) != static_cast<std::uint64_t>(::getpid())) return {};
  return std::chrono::microseconds(*patience);
}

}  // namespace sluice::control
