#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "control/config/checks.h"
#include "control/config/suggestion.h"
#include "control/config/wording.h"
#include "http/counters.h"

namespace sluice::control {
namespace {

// HAProxy's rows of these names stand beside those of the servers.
constexpr std::string_view kReserved[] = {"FRONTEND", "BACKEND"};

/// Names that must not occur twice. Names that were not given are passed over: that error stands
/// already.
class UniqueNames {
 public:
  UniqueNames(std::string what, Diagnostics& problems)
      : what_(std::move(what)), problems_(problems) {}

  void add(const Located<std::string>& name) {
    if (name.value.empty()) return;
    const auto [first, is_new] = seen_.emplace(name.value, name.at);
    if (is_new) return;
    problems_.error(name.at, "there is another " + what_ + " " + in_quotes(name.value) +
                                 on_line(first->second));
  }

 private:
  std::string what_;
  Diagnostics& problems_;
  std::map<std::string, Position> seen_;
};

class NameChecks {
 public:
  NameChecks(const Config& config, Diagnostics& problems)
      : config_(config), problems_(problems), complete_(problems.ok()) {
    for (const BackendConfig& backend : config.backends) {
      all_named_ = all_named_ && !backend.name.value.empty();
      backend_names_.push_back(backend.name.value);
    }
  }

  void run() {
    UniqueNames interfaces("interface", problems_);
    for (const InterfaceConfig& interface : config_.interfaces) interfaces.add(interface.name);
    UniqueNames frontends("frontend", problems_);
    for (const FrontendConfig& frontend : config_.frontends) {
      frontends.add(frontend.name);
      check_frontend(frontend);
    }
    UniqueNames backends("backend", problems_);
    std::size_t servers = 0;
    for (const BackendConfig& backend : config_.backends) {
      servers += backend.servers.size();
      backends.add(backend.name);
      check_backend(backend);
    }
    if (servers > http::CounterTable<http::ServerCounters>::kCapacity) {
      problems_.error({}, "there are more than 262144 servers");
    }
    process();
  }

 private:
  void process() {
    const ProcessConfig& process = config_.process;
    if (!process.cpus.empty() && process.workers.value != 0 &&
        process.cpus.size() != process.workers.value) {
      problems_.error(process.cpus.front().at,
                      "'cpus' names " + std::to_string(process.cpus.size()) + " of them for " +
                          std::to_string(process.workers.value) + " workers");
    }
    std::set<std::uint32_t> seen;
    for (const auto& cpu : process.cpus) {
      if (seen.insert(cpu.value).second) continue;
      problems_.error(cpu.at, "CPU " + std::to_string(cpu.value) +
                                  " is named twice; each worker needs one of its own");
    }
    std::set<std::string> sockets{process.admin_socket};
    for (const AdminConfig& admin : config_.admins) {
      if (sockets.insert(admin.socket.value).second) continue;
      problems_.error(admin.socket.at, "another admin socket is " + in_quotes(admin.socket.value));
    }
    const tcp::StackConfig& tcp = config_.tcp.stack;
    if (tcp.rto_minimum > tcp.rto_maximum || tcp.rto_initial > tcp.rto_maximum) {
      problems_.error(config_.tcp.at, "'rto.maximum' is below 'rto.minimum' or 'rto.initial'");
    }
    if (tcp.first_local_port >= tcp.last_local_port) {
      problems_.error(config_.tcp.at, "'local_port.first' is not below 'local_port.last'");
    }
  }

  void check_frontend(const FrontendConfig& frontend) {
    refer(frontend.backend);
    const bool http = frontend.mode.value == Mode::kHttp;  // else see check_modes()
    if (http && frontend.backend.value.empty() && frontend.redirect.value.empty() &&
        frontend.routes.empty() && frontend.at.line != 0) {
      problems_.error(frontend.at,
                      "this [[frontend]] has neither 'backend' nor 'redirect' nor 'route': every "
                      "request would get 404");
    }
    if (frontend.tickets.at.line != 0 && frontend.certificates.empty()) {
      problems_.error(frontend.tickets.at,
                      "'tls.tickets' has no meaning without 'tls.certificate'");
    }
    std::map<std::pair<std::string, std::string>, Position> seen;
    for (const RouteConfig& route : frontend.routes) {
      refer(route.backend);
      check_host(route.host);
      check_path(route.path);
      const auto [first, is_new] =
          seen.emplace(std::pair(lower(route.host.value), trimmed(route.path.value)), route.at);
      if (!is_new) {
        problems_.error(route.at,
                        "another route has the same host and path" + on_line(first->second));
      }
    }
  }

  static std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
  }

  static std::string trimmed(std::string path) {
    while (!path.empty() && path.back() == '/') path.pop_back();
    return path;
  }

  void check_host(const Located<std::string>& host) {
    if (host.value.empty()) return;
    std::string_view name = host.value;
    if (name.starts_with("*.")) name.remove_prefix(2);
    const bool bad = name.empty() || name.front() == '.' || name.back() == '.' ||
                     std::any_of(name.begin(), name.end(), [](unsigned char c) {
                       return std::isalnum(c) == 0 && c != '.' && c != '-' && c != '_';
                     });
    if (!bad) return;
    const bool port = name.find(':') != std::string_view::npos;
    problems_.error(host.at,
                    "'host' must be a host name such as \"www.example.com\" or "
                    "\"*.example.com\", " +
                        std::string(port ? "without a port" : "not ") +
                        (port ? "" : "\"" + host.value + "\""));
  }

  void check_path(const Located<std::string>& path) {
    if (path.value.empty()) return;
    if (path.value.front() != '/') {
      problems_.error(path.at, "'path' must begin with '/', unlike \"" + path.value + "\"");
      return;
    }
    for (const char c : path.value) {
      if (static_cast<unsigned char>(c) > ' ' && c != '?' && c != '#' && c != 0x7f) continue;
      problems_.error(path.at, "'path' must be a path alone: without spaces, '?' and '#' in it");
      return;
    }
  }

  void refer(const Located<std::string>& backend) {
    if (backend.value.empty()) return;
    const auto& names = backend_names_;
    if (std::find(names.begin(), names.end(), backend.value) != names.end()) {
      used_.insert(backend.value);
      return;
    }
    some_missing_ = true;
    if (!all_named_ || names.empty()) return;
    problems_.error(backend.at, "there is no backend " + in_quotes(backend.value) +
                                    did_you_mean(backend.value, names));
  }

  void check_backend(const BackendConfig& backend) {
    if (complete_ && !some_missing_ && !backend.name.value.empty() &&
        used_.count(backend.name.value) == 0) {
      problems_.warning(backend.name.at,
                        "no frontend uses backend " + in_quotes(backend.name.value));
    }
    UniqueNames names("server of this backend", problems_);
    std::map<std::string, Position> addresses;
    for (const ServerConfig& server : backend.servers) {
      for (const std::string_view reserved : kReserved) {
        if (server.name.value != reserved) continue;
        problems_.error(server.name.at, "a server cannot be named " + in_quotes(server.name.value) +
                                            ", which stands for a row of the statistics");
      }
      const auto [first, is_new] =
          addresses.emplace(server.address.value.to_string(), server.address.at);
      if (!is_new) {
        problems_.error(server.address.at, "this backend has another server at " + first->first +
                                               on_line(first->second));
        continue;
      }
      names.add(server.name);
    }
  }

  const Config& config_;
  Diagnostics& problems_;
  std::vector<std::string> backend_names_;
  const bool complete_;  // nothing of the file was left out for an error
  bool all_named_ = true;
  bool some_missing_ = false;
  std::set<std::string> used_;
};

}  // namespace

void check_names(const Config& config, Diagnostics& problems) {
  NameChecks(config, problems).run();
}

}  // namespace sluice::control
