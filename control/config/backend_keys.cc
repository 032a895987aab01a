#include "control/config/balancing_keys.h"
#include "control/config/check_keys.h"
#include "control/config/key_sections.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kKiB = 1024;

ValueType<Duration> timeout() {
  return duration(1ms, 24h);
}

ValueType<std::uint32_t> head_size() {
  return narrowed<std::uint32_t>(size(kKiB, 64 * kKiB));
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
          [](const std::vector<ServerConfig>&) { return std::string("none"); },
          nullptr,
          compare_lists(section)};
}

void add_tls_keys(Section<BackendConfig>& section) {
  using C = BackendConfig;
  using Tls = BackendTlsConfig;
  section
      .key("tls.enabled", located(boolean()), inside(&C::tls, &Tls::enabled),
           "Speak HTTPS with the servers.")
      .key(
          "tls.verify",
          located(choice<tls::Verification>(
              {{"required", tls::Verification::kAuthority}, {"none", tls::Verification::kNone}})),
          inside(&C::tls, &Tls::verify),
          "`required`: a server's certificate must be vouched for by an authority, be valid today, "
          "and be for `tls.server_name`. `none` takes anybody for the server.")
      .key("tls.authorities", located(text("path")), inside(&C::tls, &Tls::authorities),
           "A PEM file with the authorities to trust. Default: those of this system, "
           "`/etc/ssl/certs/ca-certificates.crt`.")
      .key("tls.server_name", located(text("host name")), inside(&C::tls, &Tls::server_name),
           "The name that servers are asked for (SNI) and their certificates must have. An IP "
           "address is not sent as SNI. Default: each server's own address, whatever name clients "
           "ask for.")
      .key("tls.certificate", located(text("path")), inside(&C::tls, &Tls::certificate),
           "What servers are shown that ask who the client is: a PEM file with a certificate, its "
           "chain and its key (or the key beside it, as `NAME.key`).")
      .key("tls.min_version",
           located(choice<tls::Version>(
               {{"1.2", tls::Version::kTls12}, {"1.3", tls::Version::kTls13}})),
           inside(&C::tls, &Tls::min_version), "The lowest version of TLS that will do.");
}

}  // namespace

Section<ServerConfig> server_section(const std::shared_ptr<Atlas>& atlas) {
  Section<ServerConfig> section(atlas, "[[backend.server]]",
                                "One server, when it shall have a name of its own.");
  using C = ServerConfig;
  section
      .key("name", located(name()), &C::name,
           "A name for messages and statistics. Default: the address.")
      .required("address", located(endpoint()), &C::address, "Where it is.");
  add_balancing_keys(section);
  section
      .key("tls.server_name", located(text("host name")), &C::tls_server_name,
           "With TLS: its own `tls.server_name`. Default: the backend's.")
      .reloads();
  return section;
}

Section<BackendConfig> backend_section(const std::shared_ptr<Atlas>& atlas) {
  Section<BackendConfig> section(atlas, "[[backend]]", "Servers that do the same work.");
  const auto server = server_section(atlas);
  using C = BackendConfig;
  using Timeouts = http::ServerTimeouts;
  section
      .required("name", located(name()), &C::name,
                "A name of your choice, for frontends, messages and statistics.")
      .required("server", server_list(server), &C::servers,
                "The servers: addresses and ports, or tables.");
  add_balancing_keys(section);
  add_check_keys(section);
  add_tls_keys(section);
  section
      .key("timeout.connect", timeout(), inside(&C::timeouts, &Timeouts::connect),
           "For one attempt to connect, the TLS handshake included; then the next server is tried, "
           "at last 503.")
      .key("timeout.response", timeout(), inside(&C::timeouts, &Timeouts::response),
           "From the request's end to the response's head; then 504.")
      .key("timeout.idle", timeout(), inside(&C::timeouts, &Timeouts::idle),
           "Without progress while a message is under way.")
      .key("timeout.keep_alive", timeout(), inside(&C::timeouts, &Timeouts::keep_alive),
           "An unused connection to a server is closed after this.")
      .key("pool.connections", integer(0, 65536), &C::pool_connections,
           "Unused connections kept to each server by each worker; 0 keeps none.")
      .key("limit.response_head_bytes", head_size(), &C::response_head_bytes,
           "The largest response head; then 502.")
      .key("server_pause", duration(0s, 1h), &C::server_pause,
           "How long a server is passed over that could not be connected to; then one request "
           "tries it.")
      .reloads();
  return section;
}

}  // namespace sluice::control
