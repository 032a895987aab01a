#include "control/config/key_sections.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kMostConnections = 16U << 20;
// The longest that a TLS 1.3 client keeps a ticket (RFC 8446 section 4.6.1).
constexpr Duration kWeek = 7 * 24h;

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

using Limits = tls::HandshakeLimits;

// A limit's place in the whole.
template <typename T>
auto handshakes(T Limits::*limit) {
  return [limit](auto& process) -> auto& {
    return process.tls.handshakes.*limit;
  };
}

ValueType<AdminLevel> admin_level() {
  return choice<AdminLevel>({{"user", AdminLevel::kUser},
                             {"operator", AdminLevel::kOperator},
                             {"admin", AdminLevel::kAdmin}});
}

}  // namespace

Section<AdminConfig> admin_section(const std::shared_ptr<Atlas>& atlas) {
  Section<AdminConfig> section(atlas, "[[admin]]",
                               "An admin socket beside the one of `[sluice]`, for whom it shall "
                               "not tell or obey everything.");
  using C = AdminConfig;
  section.required("socket", located(text("path")), &C::socket, "The Unix socket.")
      .key("mode", file_mode(), &C::mode, "Its permissions.")
      .key("level", admin_level(), &C::level, "What may be done over it ([Levels](#levels)).");
  return section;
}

Section<ProcessConfig> process_section(const std::shared_ptr<Atlas>& atlas) {
  Section<ProcessConfig> section(atlas, "[sluice]", "The process as a whole.");
  using C = ProcessConfig;
  section
      .key("workers", located(integer(1, 127, "one for each CPU")), &C::workers,
           "How many workers share the load. Each is a thread with its own CPU, queues, "
           "connections and buffers.")
      .key("cpus", list(integer(0, 1023)), &C::cpus,
           "The CPUs the workers run on, one for each worker. Default: the first ones this "
           "process may use. All other threads keep to the remaining ones, if there are any: "
           "leave one for them where latency matters.")
      .key("idle",
           choice<worker::IdleMode>({{"adaptive", worker::IdleMode::kAdaptive},
                                     {"poll", worker::IdleMode::kPoll},
                                     {"share", worker::IdleMode::kSharing}}),
           &C::idle,
           "What a worker without work does: `adaptive` lets its CPU rest for moments, `poll` "
           "never does, for the lowest latency; `share` rests like `adaptive`, and gives its CPU "
           "to others before that, for workers that share one.")
      .key("max_connections", integer(64, kMostConnections), &C::max_connections,
           "Connections held at once, to clients and to servers together. Further ones are not "
           "taken. The workers share the number evenly.")
      .key("buffers", located(integer(1024, 1U << 24, "from max_connections")), &C::buffers,
           "Packet buffers of each worker, of about 2.4 KiB each.")
      .key("hugepages", hugepages(), &C::hugepages,
           "Whether packet memory lies in hugepages: `true` needs them, `false` avoids them, "
           "`\"auto\"` uses them when enough are free.")
      .key("eal", list(text("string")), &C::eal,
           "Further arguments for DPDK's EAL, as they are. Rarely needed.")
      .key("telemetry", boolean(), &C::telemetry,
           "Open DPDK's telemetry socket ([DPDK's telemetry](#dpdks-telemetry)).")
      .key("drain_timeout", duration(0s, 24h), &C::drain_timeout,
           "How long a stop waits for open connections before it resets them.")
      .key("log.level",
           choice<LogLevel>({{"debug", LogLevel::kDebug},
                             {"info", LogLevel::kInfo},
                             {"warning", LogLevel::kWarning},
                             {"error", LogLevel::kError}}),
           &C::log_level, "The least important messages that are still written to standard error.")
      .key("user", located(text("name")), &C::user,
           "As whom Sluice runs once devices, files and sockets are open; it is started as root "
           "then ([As a user](#as-a-user)).")
      .key("group", located(text("name")), &C::group,
           "The first group then, in place of the user's own.")
      .key("system_call_filter", boolean(), &C::system_call_filter,
           "Forbid the process, once it runs, what it never does itself, such as starting programs "
           "([System calls](#system-calls)).")
      .key("admin.socket", text("path"), &C::admin_socket,
           "The Unix socket that `sluice ctl` and HAProxy's tools talk to; `\"none\"` opens none.")
      .key("admin.mode", file_mode(), &C::admin_mode,
           "The socket's permissions. Who may write to it may command Sluice.")
      .key("admin.level", admin_level(), &C::admin_level,
           "What may be done over it ([Levels](#levels)).")
      .key("tls.key_log", text("path"), &C::tls_key_log,
           "For debugging alone: a file for the secrets of every TLS connection, with which "
           "captured frames can be read (see [Reading captured TLS](#reading-captured-tls)).")
      .key("tls.records",
           choice<tls::RecordLayer>(
               {{"own", tls::RecordLayer::kOwn}, {"openssl", tls::RecordLayer::kOpenSsl}}),
           inside(&C::tls, &tls::EnvironmentOptions::record_layer),
           "Who protects TLS records after the handshake. `own` frees OpenSSL's part of each "
           "connection, which is faster and needs far less memory; `openssl` keeps it.")
      .key("tls.handshakes.budget", duration(0s, 100ms), handshakes(&Limits::budget),
           "For how long a worker works on clients' TLS handshakes before it looks after "
           "established connections again. `0s`: handshakes are made as they come.")
      .key("tls.handshakes.waiting", integer(1, kMostConnections), handshakes(&Limits::waiting),
           "Clients of each worker whose handshake waits for its turn; further ones are refused "
           "with a reset.")
      .key("tls.handshakes.patience", duration(10ms, 1min), handshakes(&Limits::patience),
           "How long a handshake waits for its turn before it is refused.")
      .key("tls.handshakes.per_source", integer(0, kMostConnections),
           handshakes(&Limits::per_source),
           "Handshakes of one IPv4 address or IPv6 /64 network that may wait or be under way on "
           "each worker; 0: any number.")
      .key("tls.ticket_key_file", located(text("path")), &C::ticket_key_file,
           "A file with the keys of session tickets, so that machines resume each other's sessions "
           "(see [Resuming TLS sessions](#resuming-tls-sessions)). Without one, Sluice makes keys "
           "of its own.")
      .key("tls.ticket_rotation", located(duration(1s, kWeek)), &C::ticket_rotation,
           "How often Sluice makes a new key for session tickets.")
      .key("tls.ticket_lifetime", located(duration(1s, kWeek)), &C::ticket_lifetime,
           "How long a key that Sluice has made is accepted, and how long after its full handshake "
           "a session may be resumed.")
      .reloads({"drain_timeout", "log.level"});
  return section;
}

}  // namespace sluice::control
