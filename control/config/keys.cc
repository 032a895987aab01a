#include "control/config/keys.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kMostConnections = 16U << 20;
constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;

ValueType<Duration> timeout() {
  return duration(1ms, 24h);
}

ValueType<std::uint32_t> size32(std::uint64_t least, std::uint64_t most) {
  return narrowed<std::uint32_t>(size(least, most));
}

template <typename Narrow>
ValueType<Narrow> small_integer(std::uint32_t least, std::uint32_t most) {
  return narrowed<Narrow>(integer(least, most));
}

ValueType<Hugepages> hugepages() {
  constexpr std::string_view kExpected = "true, false or \"auto\"";
  return {"boolean or string", std::string(kExpected),
          [=](std::string_view key, const Value& value, Hugepages& into, Diagnostics& problems) {
            if (const bool* given = std::get_if<bool>(&value.data)) {
              into = *given ? Hugepages::kUse : Hugepages::kAvoid;
              return true;
            }
            if (value.text() == nullptr) {
              wrong_type(key, value, kExpected, problems);
              return false;
            }
            if (*value.text() != "auto") {
              wrong_text(key, value, kExpected, problems);
              return false;
            }
            into = Hugepages::kAuto;
            return true;
          },
          [](const Hugepages& value) {
            if (value == Hugepages::kAuto) return "\"auto\"";
            return value == Hugepages::kUse ? "true" : "false";
          }};
}

Section<ProcessConfig> process_section(const std::shared_ptr<Atlas>& atlas) {
  Section<ProcessConfig> section(atlas, "[sluice]", "The process as a whole.");
  using C = ProcessConfig;
  section
      .key(
          "workers", located(integer(1, 128, "one for each CPU")),
          [](C & c) -> auto& { return c.workers; },
          "How many workers share the load. Each is a thread with its own CPU, queues, "
          "connections and buffers.")
      .key(
          "cpus", list(integer(0, 1023)), [](C & c) -> auto& { return c.cpus; },
          "The CPUs the workers run on, one for each worker. Default: the first ones this "
          "process may use.")
      .key(
          "idle",
          choice<IdlePolicy>({{"adaptive", IdlePolicy::kAdaptive}, {"poll", IdlePolicy::kPoll}}),
          [](C & c) -> auto& { return c.idle; },
          "What a worker without work does: `adaptive` lets its CPU rest for moments, `poll` "
          "never does, for the lowest latency.")
      .key(
          "max_connections", integer(64, kMostConnections),
          [](C & c) -> auto& { return c.max_connections; },
          "Connections held at once, to clients and to servers together. Further ones are not "
          "taken. The workers share the number evenly.")
      .key(
          "buffers", located(integer(1024, 1U << 24, "from max_connections")),
          [](C & c) -> auto& { return c.buffers; },
          "Packet buffers of each worker, of about 2.4 KiB each.")
      .key(
          "hugepages", hugepages(), [](C & c) -> auto& { return c.hugepages; },
          "Whether packet memory lies in hugepages: `true` needs them, `false` avoids them, "
          "`\"auto\"` uses them when enough are free.")
      .key(
          "eal", list(text("string")), [](C & c) -> auto& { return c.eal; },
          "Further arguments for DPDK's EAL, as they are. Rarely needed.")
      .key(
          "drain_timeout", duration(0s, 24h), [](C & c) -> auto& { return c.drain_timeout; },
          "How long a stop waits for open connections before it resets them.")
      .key(
          "log.level",
          choice<LogLevel>({{"debug", LogLevel::kDebug},
                            {"info", LogLevel::kInfo},
                            {"warning", LogLevel::kWarning},
                            {"error", LogLevel::kError}}),
          [](C & c) -> auto& { return c.log_level; },
          "The least important messages that are still written to standard error.")
      .key(
          "admin.socket", text("path"), [](C & c) -> auto& { return c.admin_socket; },
          "The Unix socket that `sluice ctl` and HAProxy's tools talk to; `\"none\"` opens none.")
      .key(
          "admin.mode", file_mode(), [](C & c) -> auto& { return c.admin_mode; },
          "The socket's permissions. Who may write to it may command Sluice.");
  return section;
}

Section<TcpConfig> tcp_section(const std::shared_ptr<Atlas>& atlas) {
  Section<TcpConfig> section(atlas, "[tcp]",
                             "TCP. The defaults suit the internet; most farms need none of these.");
  using C = TcpConfig;
  section
      .key(
          "receive_buffer", size32(4 * kKiB, 16 * kMiB),
          [](C & c) -> auto& { return c.stack.receive_buffer; },
          "The largest receive window of a connection: what a peer may send before it is "
          "forwarded. Windows shrink when buffers are short.")
      .key(
          "max_half_open", integer(16, kMostConnections),
          [](C & c) -> auto& { return c.stack.max_half_open; },
          "Handshakes that clients have begun and not ended; further ones are dropped. The "
          "workers share the number evenly.")
      .key(
          "max_time_wait", integer(16, kMostConnections),
          [](C & c) -> auto& { return c.stack.max_time_wait; },
          "Records of closed connections; the oldest are given up when there are more. The "
          "workers share the number evenly.")
      .key(
          "time_wait", duration(1s, 4min), [](C & c) -> auto& { return c.stack.time_wait; },
          "How long a closed connection's addresses are kept from reuse (2 MSL).")
      .key(
          "orphan_timeout", duration(1s, 1h), [](C & c) -> auto& { return c.stack.orphan_timeout; },
          "How long a connection closed on our side waits for the peer to close, too.")
      .key(
          "give_up_after", duration(1s, 1h), [](C & c) -> auto& { return c.stack.give_up_after; },
          "How long sent data may stay unacknowledged before the connection is given up.")
      .key(
          "syn_retries", small_integer<std::uint8_t>(0, 12),
          [](C & c) -> auto& { return c.stack.syn_retries; },
          "How often an unanswered SYN or SYN-ACK is sent again.")
      .key(
          "delayed_ack", duration(1ms, 499ms), [](C & c) -> auto& { return c.stack.delayed_ack; },
          "How long an acknowledgement may wait for data to travel with.")
      .key(
          "rto.initial", duration(100ms, 60s), [](C & c) -> auto& { return c.stack.rto_initial; },
          "The retransmission timeout before a round trip was measured.")
      .key(
          "rto.minimum", duration(10ms, 10s), [](C & c) -> auto& { return c.stack.rto_minimum; },
          "The shortest retransmission timeout.")
      .key(
          "rto.maximum", duration(1s, 10min), [](C & c) -> auto& { return c.stack.rto_maximum; },
          "The longest retransmission timeout.")
      .key(
          "local_port.first", small_integer<std::uint16_t>(1024, 65535),
          [](C & c) -> auto& { return c.stack.first_local_port; },
          "The lowest port number used for connections to servers.")
      .key(
          "local_port.last", small_integer<std::uint16_t>(1024, 65535),
          [](C & c) -> auto& { return c.stack.last_local_port; },
          "The highest port number used for connections to servers.");
  return section;
}

Section<StaticRouteConfig> static_route_section(const std::shared_ptr<Atlas>& atlas) {
  Section<StaticRouteConfig> section(atlas, "[[interface.route]]",
                                     "A network that is reached through a gateway of its own.");
  using C = StaticRouteConfig;
  section
      .required(
          "to", located(prefix()), [](C & c) -> auto& { return c.destination; }, "The network.")
      .required(
          "via", located(ip_address()), [](C & c) -> auto& { return c.gateway; },
          "The gateway, in one of the interface's own networks.");
  return section;
}

Section<InterfaceConfig> interface_section(const std::shared_ptr<Atlas>& atlas) {
  Section<InterfaceConfig> section(atlas, "[[interface]]",
                                   "An IP presence over one or more ports.");
  const auto route = static_route_section(atlas);
  using C = InterfaceConfig;
  section
      .required(
          "name", located(name()), [](C & c) -> auto& { return c.name; },
          "A name of your choice, for messages and statistics.")
      .required(
          "ports", list(text("device")), [](C & c) -> auto& { return c.ports; },
          "The devices it is attached to; several are one network, as on a switch.")
      .required(
          "address", list(prefix()), [](C & c) -> auto& { return c.addresses; },
          "Its addresses, each with its network's prefix length.")
      .key(
          "gateway", list(ip_address()), [](C & c) -> auto& { return c.gateways; },
          "The default gateway, at most one for IPv4 and one for IPv6.")
      .key(
          "route", table_list(route), [](C & c) -> auto& { return c.routes; },
          "Networks behind other gateways.")
      .key(
          "mtu", located(integer(576, 9216, "the port's")), [](C & c) -> auto& { return c.mtu; },
          "The largest IP packet, bytes. IPv6 needs at least 1280.");
  return section;
}

Section<RouteConfig> route_section(const std::shared_ptr<Atlas>& atlas) {
  Section<RouteConfig> section(
      atlas, "[[frontend.route]]",
      "Sends some of a frontend's requests to another backend. Of several that match, the most "
      "exact host wins, then the longest path.");
  using C = RouteConfig;
  section
      .key(
          "host", located(text("host name")), [](C & c) -> auto& { return c.host; },
          "The host asked for, without port; `*.example.com` stands for every name below "
          "example.com. Default: any.")
      .key(
          "path", located(text("path")), [](C & c) -> auto& { return c.path; },
          "The beginning of the path: `/shop` matches `/shop` and `/shop/cart`, not `/shopping`. "
          "Default: any.")
      .required(
          "backend", located(name()), [](C & c) -> auto& { return c.backend; },
          "The backend that serves it.");
  return section;
}

Section<FrontendConfig> frontend_section(const std::shared_ptr<Atlas>& atlas) {
  Section<FrontendConfig> section(atlas, "[[frontend]]", "What clients connect to.");
  const auto route = route_section(atlas);
  using C = FrontendConfig;
  section
      .required(
          "name", located(name()), [](C & c) -> auto& { return c.name; },
          "A name of your choice, for messages and statistics.")
      .required(
          "bind", list(endpoint()), [](C & c) -> auto& { return c.bind; },
          "The addresses and ports it listens on; `0.0.0.0` and `[::]` stand for every "
          "address of the interfaces.")
      .key(
          "backend", located(name()), [](C & c) -> auto& { return c.backend; },
          "The backend of requests that no route matches; without it they get 404.")
      .key(
          "route", table_list(route), [](C & c) -> auto& { return c.routes; },
          "Routes by host and path.")
      .key(
          "tls.certificate", list(text("path")), [](C & c) -> auto& { return c.certificates; },
          "PEM files with a certificate, its chain and its key (or the key beside it, as "
          "`NAME.key`), or directories of such files. A client's SNI chooses. Without any, the "
          "frontend speaks plain HTTP.")
      .key(
          "tls.strict_sni", located(boolean()), [](C & c) -> auto& { return c.strict_sni; },
          "Refuse names that no certificate has, rather than show the first certificate.")
      .key(
          "timeout.request", timeout(), [](C & c) -> auto& { return c.timeouts.request; },
          "For a whole request head; then 408.")
      .key(
          "timeout.idle", timeout(), [](C & c) -> auto& { return c.timeouts.idle; },
          "Without progress while a message is under way.")
      .key(
          "timeout.keep_alive", timeout(), [](C & c) -> auto& { return c.timeouts.keep_alive; },
          "Between two requests.")
      .key(
          "timeout.handshake", timeout(), [](C & c) -> auto& { return c.timeouts.handshake; },
          "For the TLS handshake.")
      .key(
          "limit.head_bytes", size32(kKiB, 64 * kKiB),
          [](C & c) -> auto& { return c.limits.head_bytes; }, "The largest request head; then 431.")
      .key(
          "limit.header_fields", integer(8, 1000),
          [](C & c) -> auto& { return c.limits.header_fields; },
          "The most header fields of a request; then 431.")
      .key(
          "limit.body_bytes", size(1, kGiB * kGiB, true),
          [](C & c) -> auto& { return c.limits.body_bytes; },
          "The largest request body; then 413. Bodies are streamed, never held.")
      .key(
          "limit.requests_per_connection", integer(0, 1U << 30, "no limit"),
          [](C & c) -> auto& { return c.limits.requests_per_connection; },
          "Requests after which a connection is closed; 0 for no limit.")
      .key(
          "forwarded", boolean(), [](C & c) -> auto& { return c.forwarded; },
          "Set X-Forwarded-For, -Proto and -Host for the server.")
      .key(
          "via", boolean(), [](C & c) -> auto& { return c.via; },
          "Add a Via field in both directions.");
  return section;
}

Section<ServerConfig> server_section(const std::shared_ptr<Atlas>& atlas) {
  Section<ServerConfig> section(atlas, "[[backend.server]]",
                                "One server, when it shall have a name of its own.");
  using C = ServerConfig;
  section
      .key(
          "name", located(name()), [](C & c) -> auto& { return c.name; },
          "A name for messages and statistics. Default: the address.")
      .required(
          "address", located(endpoint()), [](C & c) -> auto& { return c.address; }, "Where it is.");
  return section;
}

// A server is its address, or a table.
ValueType<std::vector<ServerConfig>> server_list(const Section<ServerConfig>& section) {
  auto read_one = [section, address = endpoint()](std::string_view key, const Value& value,
                                                  ServerConfig& into, Diagnostics& problems) {
    into.at = value.at;
    if (value.table() != nullptr) {
      if (!section.read(value, into, problems)) return false;
    } else {
      into.address.at = value.at;
      if (!address.read(key, value, into.address.value, problems)) return false;
    }
    if (into.name.value.empty()) into.name = {into.address.value.to_string(), into.address.at};
    return true;
  };
  return {"address:port or list, or list of tables",
          {},
          [read_one](std::string_view key, const Value& value, std::vector<ServerConfig>& into,
                     Diagnostics& problems) {
            const std::vector<Value> single =
                value.array() == nullptr ? std::vector<Value>{value} : std::vector<Value>{};
            bool good = true;
            for (const Value& element : value.array() == nullptr ? single : *value.array()) {
              ServerConfig server;
              if (read_one(key, element, server, problems)) {
                into.push_back(std::move(server));
              } else {
                good = false;
              }
            }
            return good;
          },
          [](const std::vector<ServerConfig>&) { return std::string("none"); }};
}

Section<BackendConfig> backend_section(const std::shared_ptr<Atlas>& atlas) {
  Section<BackendConfig> section(atlas, "[[backend]]", "Servers that do the same work.");
  const auto server = server_section(atlas);
  using C = BackendConfig;
  section
      .required(
          "name", located(name()), [](C & c) -> auto& { return c.name; },
          "A name of your choice, for frontends, messages and statistics.")
      .required(
          "server", server_list(server), [](C & c) -> auto& { return c.servers; },
          "The servers: addresses and ports, or tables.")
      .key(
          "balance", choice<Balance>({{"round-robin", Balance::kRoundRobin}}),
          [](C & c) -> auto& { return c.balance; }, "How a server is chosen for a request.")
      .key(
          "timeout.connect", timeout(), [](C & c) -> auto& { return c.timeouts.connect; },
          "For one attempt to connect; then the next server is tried, at last 503.")
      .key(
          "timeout.response", timeout(), [](C & c) -> auto& { return c.timeouts.response; },
          "From the request's end to the response's head; then 504.")
      .key(
          "timeout.idle", timeout(), [](C & c) -> auto& { return c.timeouts.idle; },
          "Without progress while a message is under way.")
      .key(
          "timeout.keep_alive", timeout(), [](C & c) -> auto& { return c.timeouts.keep_alive; },
          "An unused connection to a server is closed after this.")
      .key(
          "retries", integer(0, 100), [](C & c) -> auto& { return c.retries; },
          "Further attempts when a server did not take the request.")
      .key(
          "pool.connections", integer(0, 65536), [](C & c) -> auto& { return c.pool_connections; },
          "Unused connections kept to each server by each worker; 0 keeps none.")
      .key(
          "limit.response_head_bytes", size32(kKiB, 64 * kKiB),
          [](C & c) -> auto& { return c.response_head_bytes; },
          "The largest response head; then 502.")
      .key(
          "server_pause", duration(0s, 1h), [](C & c) -> auto& { return c.server_pause; },
          "How long a server that failed is passed over.");
  return section;
}

struct Schema {
  std::shared_ptr<Atlas> atlas = std::make_shared<Atlas>();
  Section<Config> file{atlas, "", "The file."};

  Schema() {
    file.key(
            "sluice", single_table(process_section(atlas)),
            [](Config & c) -> auto& { return c.process; }, "The process as a whole.")
        .key(
            "tcp", single_table(tcp_section(atlas)), [](Config & c) -> auto& { return c.tcp; },
            "TCP.")
        .key(
            "interface", table_list(interface_section(atlas)),
            [](Config & c) -> auto& { return c.interfaces; }, "IP presences.")
        .key(
            "frontend", table_list(frontend_section(atlas)),
            [](Config & c) -> auto& { return c.frontends; }, "What clients connect to.")
        .key(
            "backend", table_list(backend_section(atlas)),
            [](Config & c) -> auto& { return c.backends; }, "Groups of servers.");
  }
};

const Schema& schema() {
  static const Schema instance;
  return instance;
}

std::string cell(const std::string& text) {
  return text.empty() ? "any" : text;
}

}  // namespace

const Section<Config>& config_section() {
  return schema().file;
}

const Atlas& all_sections() {
  return *schema().atlas;
}

std::string key_reference() {
  std::string text;
  for (const SectionDescription& section : all_sections()) {
    if (section.title.empty()) continue;
    if (!text.empty()) text += "\n";
    text += "### `" + section.title + "`\n\n" + section.meaning + "\n\n";
    text += "| key | type | default | values | meaning |\n| --- | --- | --- | --- | --- |\n";
    for (const KeyDescription& key : section.keys) {
      text += "| `" + key.name + "` | " + key.type + " | " + key.fallback + " | " +
              cell(key.range) + " | " + key.meaning + " |\n";
    }
  }
  return text;
}

}  // namespace sluice::control
