#include "control/reload/server_commands.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "control/admin/arguments.h"
#include "control/log.h"

namespace sluice::control {
namespace {

using Arguments = std::span<const std::string>;

constexpr std::uint32_t kLargestWeight = 256;
constexpr std::uint32_t kMostConnections = 1000000;

/// "<backend>/<server>"
struct ServerName {
  std::string backend;
  std::string server;
};

[[noreturn]] void refuse(const std::string& message) {
  throw std::runtime_error(message);
}

ServerName parse_name(Arguments arguments) {
  if (!arguments.empty()) {
    const std::string& text = arguments[0];
    const std::size_t slash = text.find('/');
    if (slash != std::string::npos && slash > 0 && slash + 1 < text.size()) {
      return {text.substr(0, slash), text.substr(slash + 1)};
    }
  }
  refuse("Require 'backend/server'.");
}

template <typename T>
auto find(std::vector<T>& list, const std::string& name) {
  return std::ranges::find_if(list, [&](const T& each) { return each.name.value == name; });
}

BackendConfig& backend_in(Config& config, const std::string& name) {
  const auto found = find(config.backends, name);
  if (found == config.backends.end()) refuse("No such backend.");
  return *found;
}

ServerConfig& server_in(Config& config, const ServerName& name) {
  BackendConfig& backend = backend_in(config, name.backend);
  const auto found = find(backend.servers, name.server);
  if (found == backend.servers.end()) refuse("No such server.");
  return *found;
}

// Of a copy: what is there to look at, not to change.
ServerConfig server_of(Config config, const ServerName& name) {
  return server_in(config, name);
}

std::uint32_t parse_weight(std::string_view text, std::uint32_t initial) {
  const bool relative = text.ends_with('%');
  if (relative) text.remove_suffix(1);
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{}) refuse("Empty weight string empty or preceded by garbage");
  if (rest != end) refuse("Trailing garbage in weight string");
  if (relative) {
    if (number < 0) refuse("Relative weight must be positive.");
    constexpr std::int64_t kMost = 100 * std::int64_t{kLargestWeight};
    const std::int64_t share = initial * std::min(number, kMost) / 100;
    return static_cast<std::uint32_t>(std::min<std::int64_t>(share, kLargestWeight));
  }
  if (number < 0 || number > kLargestWeight) {
    refuse("Absolute weight can only be between 0 and 256 inclusive.");
  }
  return static_cast<std::uint32_t>(number);
}

http::ServerMode parse_mode(std::string_view text) {
  if (text == "ready") return http::ServerMode::kReady;
  if (text == "drain") return http::ServerMode::kDrain;
  if (text == "maint") return http::ServerMode::kMaint;
  refuse("'set server <srv> state' expects 'ready', 'drain' and 'maint'.");
}

/// Changes servers of what runs, and tells the log.
class ServerEditor {
 public:
  ServerEditor(Reloader& reloader, ServerInUse in_use)
      : reloader_(reloader), in_use_(std::move(in_use)) {}

  std::string set_weight(const ServerName& name, std::string_view text) {
    const std::uint32_t weight = parse_weight(text, initial_weight(name));
    edit(name, "weight " + std::to_string(weight),
         [&](ServerConfig& server) { server.weight = weight; });
    return {};
  }

  [[nodiscard]] std::string weight(const ServerName& name) const {
    return std::to_string(server_of(reloader_.config(), name).weight) + " (initial " +
           std::to_string(initial_weight(name)) + ")\n";
  }

  std::string set_mode(const ServerName& name, std::string_view text) {
    const http::ServerMode mode = parse_mode(text);
    edit(name, "state " + std::string(text), [&](ServerConfig& server) { server.mode = mode; });
    return {};
  }

  std::string set_limit(const ServerName& name, std::string_view text) {
    const auto limit = parse_number(text, 0, kMostConnections);
    if (!limit) refuse("Integer value expected, from 0 to 1000000.");
    edit(name, "maxconn " + std::string(text), [&](ServerConfig& server) {
      server.connection_limit = static_cast<std::uint32_t>(*limit);
    });
    return {};
  }

  std::string move(const ServerName& name, Arguments where) {
    const wire::Endpoint before = server_of(reloader_.config(), name).address.value;
    const wire::Endpoint after = parse_move(before, where);
    const std::string told = describe_move(before, after);
    if (before != after) {
      edit(name, told, [&](ServerConfig& server) { server.address.value = after; });
    }
    return told + " by 'stats socket command'\n";
  }

  std::string add(const ServerName& name, Arguments arguments) {
    ServerConfig added = parse_server(name, arguments);
    reloader_.change([&](Config& config) {
      BackendConfig& backend = backend_in(config, name.backend);
      if (find(backend.servers, name.server) != backend.servers.end()) {
        refuse("Already exists a server with the same name in backend.");
      }
      backend.servers.push_back(std::move(added));
    });
    tell(name, "added");
    return "New server registered.\n";
  }

  std::string remove(const ServerName& name) {
    if (server_of(reloader_.config(), name).mode != http::ServerMode::kMaint) {
      refuse("Only servers in maintenance mode can be deleted.");
    }
    if (in_use_(name.backend, name.server)) {
      refuse("Server still has connections attached to it, cannot remove it.");
    }
    reloader_.change([&](Config& config) {
      BackendConfig& backend = backend_in(config, name.backend);
      backend.servers.erase(find(backend.servers, name.server));
    });
    tell(name, "deleted");
    return "Server deleted.\n";
  }

 private:
  // What a weight in percent is a share of.
  [[nodiscard]] std::uint32_t initial_weight(const ServerName& name) const {
    return reloader_.initial_weight(name.backend, name.server);
  }

  template <typename Change>
  void edit(const ServerName& name, const std::string& what, Change&& change) {
    reloader_.change([&](Config& config) { change(server_in(config, name)); });
    tell(name, what);
  }

  static void tell(const ServerName& name, const std::string& what) {
    log_info("server " + name.backend + "/" + name.server + ": " + what + ", by command");
  }

  static wire::Endpoint parse_move(wire::Endpoint endpoint, Arguments where) {
    if (where.empty() || (where.size() != 1 && (where.size() != 3 || where[1] != "port"))) {
      refuse("set server <b>/<s> addr requires an address and optionally a port.");
    }
    const auto address = wire::IpAddress::parse(where[0]);
    if (!address) refuse("Invalid addr '" + where[0] + "' by 'stats socket command'");
    endpoint.address = *address;
    if (where.size() == 3) {
      const auto port = parse_number(where[2], 1, 65535);
      if (!port) refuse("provided port is invalid by 'stats socket command'");
      endpoint.port = static_cast<std::uint16_t>(*port);
    }
    return endpoint;
  }

  static std::string describe_move(const wire::Endpoint& before, const wire::Endpoint& after) {
    std::string text = "no need to change the addr";
    if (before.address != after.address) {
      text = "IP changed from '" + before.address.to_string() + "' to '" +
             after.address.to_string() + "'";
    }
    if (before.port == after.port) return text;
    return text + ", port changed from '" + std::to_string(before.port) + "' to '" +
           std::to_string(after.port) + "'";
  }

  // As HAProxy has it: a new server is in maintenance until it is enabled.
  static ServerConfig parse_server(const ServerName& name, Arguments words) {
    ServerConfig server;
    server.name.value = name.server;
    const auto address =
        words.empty() ? std::nullopt : wire::Endpoint::parse(std::string(words[0]));
    if (!address || address->port == 0) {
      refuse("'server' expects <name> and <addr>[:<port>] as arguments.");
    }
    server.address.value = *address;
    server.mode = http::ServerMode::kMaint;
    for (std::size_t i = 1; i < words.size(); ++i) {
      const std::string& word = words[i];
      const auto argument = [&]() -> const std::string& {
        if (++i == words.size()) refuse("'" + word + "' expects an argument.");
        return words[i];
      };
      if (word == "weight") {
        server.weight = parse_weight(argument(), 1);
      } else if (word == "maxconn") {
        const auto limit = parse_number(argument(), 0, kMostConnections);
        if (!limit) refuse("'maxconn' expects a number from 0 to 1000000.");
        server.connection_limit = static_cast<std::uint32_t>(*limit);
      } else if (word == "backup") {
        server.backup = true;
      } else if (word == "enabled") {
        server.mode = http::ServerMode::kReady;
      } else if (word == "sni" || word == "verifyhost") {
        server.tls_server_name.value = argument();
      } else if (word != "disabled") {
        refuse("unknown keyword '" + word + "'.");
      }
    }
    return server;
  }

  Reloader& reloader_;
  ServerInUse in_use_;
};

constexpr const char* kSetUsage = "usage: set server <backend>/<server> addr | state | weight";

std::string set_server(ServerEditor& editor, Arguments arguments) {
  const ServerName name = parse_name(arguments);
  if (arguments.size() < 2) refuse(kSetUsage);
  const std::string& what = arguments[1];
  const Arguments rest = arguments.subspan(2);
  if (what == "addr") return editor.move(name, rest);
  if (what == "state") return editor.set_mode(name, rest.empty() ? std::string() : rest[0]);
  if (what == "weight" && rest.size() == 1) return editor.set_weight(name, rest[0]);
  refuse(kSetUsage);
}

// The argument behind a server's name.
const std::string& second(Arguments arguments, const char* wanted) {
  if (arguments.size() != 2) refuse(wanted);
  return arguments[1];
}

}  // namespace

void add_server_commands(CommandTable& commands, Reloader& reloader, ServerInUse in_use) {
  const auto editor = std::make_shared<ServerEditor>(reloader, std::move(in_use));
  const auto add = [&](const char* usage, const char* help, auto work,
                       AdminLevel level = AdminLevel::kAdmin) {
    commands.add(
        usage, help,
        [editor, work](Arguments arguments) {
          return answer_of([&] { return work(*editor, arguments); });
        },
        level);
  };
  using Editor = ServerEditor;
  add("set server <backend>/<server> state <ready|drain|maint>",
      "give it work, nothing new, or nothing new and no checks",
      [](Editor& to, Arguments words) { return set_server(to, words); });
  commands.describe("set server <backend>/<server> weight <weight>[%]",
                    "its share of the work, from 0 to 256, or in percent of the file's",
                    AdminLevel::kAdmin);
  commands.describe("set server <backend>/<server> addr <address> [port <port>]",
                    "where it is from now on", AdminLevel::kAdmin);
  add("enable server <backend>/<server>", "the same as 'set server ... state ready'",
      [](Editor& to, Arguments words) { return to.set_mode(parse_name(words), "ready"); });
  add("disable server <backend>/<server>", "the same as 'set server ... state maint'",
      [](Editor& to, Arguments words) { return to.set_mode(parse_name(words), "maint"); });
  add("set weight <backend>/<server> <weight>[%]", "the same as 'set server ... weight'",
      [](Editor& to, Arguments words) {
        return to.set_weight(parse_name(words), second(words, "Require <weight> or <weight%>."));
      });
  add(
      "get weight <backend>/<server>", "its weight now, and the one in the file",
      [](Editor& to, Arguments words) { return to.weight(parse_name(words)); }, AdminLevel::kUser);
  add("set maxconn server <backend>/<server> <limit>",
      "requests that it may have in hand at once; 0: no limit", [](Editor& to, Arguments words) {
        return to.set_limit(parse_name(words), second(words, "Require <maxconn>."));
      });
  add("add server <backend>/<server> <address>:<port> [weight <weight>] [maxconn <limit>] [backup] "
      "[sni <name>] [enabled]",
      "a new server, in maintenance unless it is 'enabled'",
      [](Editor& to, Arguments words) { return to.add(parse_name(words), words.subspan(1)); });
  add("del server <backend>/<server>",
      "remove a server that is in maintenance and has no connections",
      [](Editor& to, Arguments words) { return to.remove(parse_name(words)); });
}

}  // namespace sluice::control
