#include "bench/load/load_options.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "bench/common/option_values.h"
#include "bench/load/description.h"
#include "bench/load/sequence_origin.h"
#include "bench/load/url.h"
#include "tls/client/key_share_reuse.h"

namespace sluice::load {
namespace {

// Room for connections that are closing beside those at work.
constexpr std::uint64_t kSpareConnections = 16384;
constexpr std::uint64_t kOpenLoopConnections = 65536;
constexpr double kSearchPrecision = 0.02;

constexpr std::array kModes{Mode::kConnect,   Mode::kHandshake, Mode::kResume,    Mode::kRequest,
                            Mode::kKeepAlive, Mode::kHold,      Mode::kThroughput};

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::invalid_argument(path + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

Closing closing_of(const std::string& name) {
  if (name == "server") return Closing::kServer;
  if (name == "client") return Closing::kClient;
  if (name == "reset") return Closing::kReset;
  throw std::invalid_argument("--close " + name + ": expected server, client or reset");
}

}  // namespace

LoadOptions::LoadOptions(CLI::App& command) {
  const char* what = "What is asked";
  command.add_option("URL", urls_, "http://ADDRESS[:PORT]/PATH, with a weight: URL=3")->required();
  command.footer(
      "Host, path, headers and body may have placeholders, filled in for each request:\n"
      "{{connection}} and {{request}}, their numbers from 0, or counted round with :LOW-HIGH;\n"
      "{{random:LOW-HIGH}}; {{pick:a|b|c}}. In the name of a server: only {{connection}}.");
  command.add_option("--connect", connect_to_, "ADDRESS:PORT to connect to, whatever the URL says")
      ->group(what);
  command.add_option("--method", method_, "Request method (default GET)")->group(what);
  command.add_option("--header", headers_, "'Name: value', may be repeated")
      ->allow_extra_args(false)
      ->group(what);
  command.add_option("--body", body_, "Request body: text with placeholders, or @FILE as it is")
      ->group(what);
  command.add_option("--expect-status", expect_status_, "The only good status (default 200-399)")
      ->group(what);
  command.add_option("--expect-size", expect_size_, "Size of a good body, bytes")->group(what);
  command.add_option("--expect-body", expect_body_file_, "FILE that a good body is equal to")
      ->group(what);

  const char* shape = "Shape of the load";
  command
      .add_option("--mode", mode_,
                  "connect, handshake, request, resume, keepalive, hold, throughput")
      ->group(shape);
  command.add_option("--rate", rate_, "Open loop: so many a second (connections, or requests)")
      ->group(shape);
  command.add_option("--ramp", ramps_, "FROM:TO:TIME, may be repeated: a step of an open loop")
      ->allow_extra_args(false)
      ->group(shape);
  command.add_flag("--poisson", poisson_, "Random distances between arrivals")->group(shape);
  command
      .add_option("-c,--concurrency", concurrency_,
                  "Connections at a time (closed loop: always; open loop: at most)")
      ->group(shape);
  command
      .add_option("--requests", requests_per_connection_,
                  "Requests on one connection (keepalive, throughput; default: no end)")
      ->group(shape);
  command.add_option("-d,--duration", duration_, "How long: 30s")->group(shape);
  command.add_option("-n,--count", count_, "How many connections (or requests) in all")
      ->group(shape);
  command.add_option("--close", close_, "Who closes first: server, client, or client by reset")
      ->group(shape);
  command.add_option("--timeout", timeout_, "For a response (default 10s)")->group(shape);
  command.add_option("--connect-timeout", connect_timeout_, "For a connection (default 5s)")
      ->group(shape);
  command.add_option("--hold-interval", hold_interval_, "hold: between two requests (default 30s)")
      ->group(shape);
  command.add_option("--seed", seed_, "Of what is random (default 1)")->group(shape);

  add_tls_options(command);

  const char* good = "What is good enough (else the exit code is 1)";
  command.add_option("--max-failed", max_failed_, "Share that may fail: 0.001 (default 0)")
      ->group(good);
  command.add_option("--max-latency", max_latencies_, "pPERCENT=TIME, may be repeated: p99=5ms")
      ->allow_extra_args(false)
      ->group(good);
  command.add_option("--min-rate", min_rate_, "At least so many a second")->group(good);
  command.add_option("--find-max", find_max_, "FROM-TO: look for the highest rate that is good")
      ->group(good);
  command.add_option("--trial", trial_, "How long find-max tries each rate (default 2s)")
      ->group(good);

  interface_.add_to(command);
  command
      .add_option("--allow", allowed_, "Network that may be loaded though it is behind a gateway")
      ->allow_extra_args(false);
  command.add_flag("--yes", yes_, "Load what is far, or without an end");
  command.add_option("--json", json_file_, "Write the results to FILE");
  command.add_option("--report", report_file_, "Write a page with plots to FILE (.html)");
  command.add_flag("--quiet", quiet_, "No line a second");
}

void LoadOptions::add_tls_options(CLI::App& command) {
  const char* tls = "TLS";
  command.add_option("--tls", tls_version_, "Only this version: 1.2 or 1.3")->group(tls);
  command.add_option("--ciphers", tls_.ciphers, "For TLS 1.2, as OpenSSL names them")->group(tls);
  command.add_option("--ciphersuites", tls_.ciphersuites, "For TLS 1.3")->group(tls);
  command.add_option("--groups", tls_.groups, "For the key exchange (default X25519:P-256)")
      ->group(tls);
  command.add_option("--alpn", alpn_, "Protocols to offer, with commas (default http/1.1)")
      ->group(tls);
  command.add_option("--sni", sni_, "Name to ask for (default: the URL's host)")->group(tls);
  command.add_option("--ca", ca_file_, "Verify certificates by these authorities (default: not)")
      ->group(tls);
  command
      .add_flag("--remember-verified", tls_.remember_verified,
                "Verify each certificate once, then compare it (said in the result)")
      ->group(tls);
  command
      .add_option("--reuse-key-share", tls_.key_share_reuse,
                  "Use an X25519 key for so many handshakes, at most a minute (said in the result)")
      ->check(CLI::Range(tls::KeyShareReuse::kLeastHandshakes, tls::KeyShareReuse::kMostHandshakes))
      ->group(tls);
  command
      .add_option("--tls-records", tls_records_,
                  "Who protects TLS records: own or openssl (default own)")
      ->group(tls);
  command.add_option("--client-certificate", client_certificate_, "PEM with certificate and key")
      ->group(tls);
}

tls::ClientSettings LoadOptions::tls() const {
  tls::ClientSettings settings = tls_;
  if (tls_version_ == "1.2") {
    settings.max_version = tls::Version::kTls12;
  } else if (tls_version_ == "1.3") {
    settings.min_version = tls::Version::kTls13;
  } else if (!tls_version_.empty()) {
    throw std::invalid_argument("--tls " + tls_version_ + ": expected 1.2 or 1.3");
  }
  settings.alpn = alpn_.empty() ? std::vector<std::string>{} : bench::split(alpn_, ',');
  settings.verification =
      ca_file_.empty() ? tls::Verification::kNone : tls::Verification::kAuthority;
  settings.authorities = ca_file_;
  settings.sessions = mode() == Mode::kResume;
  settings.own_library = true;
  if (!client_certificate_.empty()) {
    settings.certificate = tls::CertificateSource{client_certificate_, {}};
  }
  return settings;
}

control::Config LoadOptions::config() const {
  std::uint64_t connections = kOpenLoopConnections;
  if (!concurrency_.empty()) connections = bench::parse_number("--concurrency", concurrency_);
  constexpr std::uint64_t kMost = 32'000'000;
  if (connections == 0 || connections > kMost) {
    throw std::invalid_argument("--concurrency: expected 1 to 32M");
  }
  control::Config config =
      interface_.config(static_cast<std::uint32_t>(connections + kSpareConnections));
  config.tcp.stack.sequence_origin = sequence_origin_of_this_machine();
  return config;
}

Mode LoadOptions::mode() const {
  const auto* found =
      std::ranges::find_if(kModes, [this](Mode mode) { return name_of(mode) == mode_; });
  if (found == kModes.end()) {
    throw std::invalid_argument(
        "--mode " + mode_ +
        ": expected connect, handshake, request, resume, keepalive, hold or throughput");
  }
  return *found;
}

Bounds LoadOptions::bounds() const {
  Bounds bounds;
  bounds.failed_share = bench::parse_rate("--max-failed", max_failed_);
  bounds.least_rate = bench::parse_rate("--min-rate", min_rate_);
  for (const std::string& text : max_latencies_) {
    bounds.latencies.push_back(parse_latency_bound(text));
  }
  return bounds;
}

RateSearch LoadOptions::search() const {
  const auto [lowest, highest] = bench::parse_range("--find-max", find_max_);
  if (lowest == 0) throw std::invalid_argument("--find-max: a search cannot begin at zero");
  return {static_cast<double>(lowest), static_cast<double>(highest), kSearchPrecision};
}

Duration LoadOptions::trial_length() const {
  return bench::parse_time("--trial", trial_);
}

std::vector<RateStep> LoadOptions::rate() const {
  std::vector<RateStep> steps;
  if (find_max()) {
    if (!rate_.empty() || !ramps_.empty() || !count_.empty() || !duration_.empty()) {
      throw std::invalid_argument("--find-max chooses rate and duration itself");
    }
    return {{0, 0, Duration::zero()}};
  }
  for (const std::string& ramp : ramps_) {
    const std::vector<std::string> parts = bench::split(ramp, ':');
    if (parts.size() != 3)
      throw std::invalid_argument("--ramp " + ramp + ": expected FROM:TO:TIME");
    steps.push_back({bench::parse_rate("--ramp", parts[0]), bench::parse_rate("--ramp", parts[1]),
                     bench::parse_time("--ramp", parts[2])});
  }
  if (!rate_.empty()) {
    const double rate = bench::parse_rate("--rate", rate_);
    steps.push_back({rate, rate, Duration::zero()});
  }
  return steps;
}

Settings LoadOptions::settings(const control::Config& config) const {
  Settings settings;
  settings.mode = mode();
  settings.closing = closing_of(close_);
  settings.rate = rate();
  settings.poisson = poisson_;
  settings.connections = settings.rate.empty() ? 1 : kOpenLoopConnections;
  if (!concurrency_.empty()) {
    settings.connections =
        static_cast<std::uint32_t>(bench::parse_number("--concurrency", concurrency_));
  }
  settings.requests_per_connection = settings.keeps_alive() ? 0 : 1;
  if (!requests_per_connection_.empty()) {
    if (!settings.keeps_alive()) throw std::invalid_argument("--requests needs --mode keepalive");
    settings.requests_per_connection = bench::parse_number("--requests", requests_per_connection_);
  }
  if (!count_.empty() && settings.mode == Mode::kHold) {
    throw std::invalid_argument(
        "--count would end --mode hold as soon as all are open: use --duration");
  }
  if (!count_.empty()) settings.count = bench::parse_number("--count", count_);
  settings.connect_timeout = bench::parse_time("--connect-timeout", connect_timeout_);
  settings.response_timeout = bench::parse_time("--timeout", timeout_);
  settings.hold_interval = bench::parse_time("--hold-interval", hold_interval_);
  settings.seed = seed_;
  settings.tls = tls();
  settings.record_layer = bench::parse_record_layer("--tls-records", tls_records_);
  if (!expect_status_.empty()) {
    settings.expectation.status =
        static_cast<unsigned>(bench::parse_number("--expect-status", expect_status_));
  }
  if (!expect_size_.empty()) {
    settings.expectation.size = bench::parse_number("--expect-size", expect_size_);
  }
  if (!expect_body_file_.empty()) settings.expectation.body = read_file(expect_body_file_);
  settings.sources = bench::own_addresses(config);
  settings.targets = targets(settings);
  return settings;
}

std::vector<Target> LoadOptions::targets(const Settings& settings) const {
  RequestParts parts{.method = method_, .headers = headers_, .body = body_};
  if (body_.starts_with('@')) {
    parts.body = read_file(body_.substr(1));
    parts.body_has_placeholders = false;
  }
  parts.close = !settings.keeps_alive() && settings.closing == Closing::kServer;
  std::vector<Target> targets;
  for (const std::string& text : urls_) targets.push_back(target(text, parts, settings));
  return targets;
}

Target LoadOptions::target(const std::string& text, const RequestParts& parts,
                           const Settings& settings) const {
  const Url url = parse_url(text);
  const std::string where = connect_to_.empty() ? url.host_and_port() : connect_to_;
  const auto server = wire::Endpoint::parse(where);
  if (!server) {
    throw std::invalid_argument(text + ": " + where + " is no address (names are not looked up; " +
                                "use --connect ADDRESS:PORT)");
  }
  if (std::ranges::none_of(settings.sources, [&](const wire::IpAddress& source) {
        return source.is_v4() == server->address.is_v4();
      })) {
    throw std::invalid_argument(text + ": no --address of its kind (IPv4 or IPv6) to load it from");
  }
  const bool needs_tls = settings.mode == Mode::kHandshake || settings.mode == Mode::kResume;
  if (needs_tls && !url.secure) {
    throw std::invalid_argument("--mode " + mode_ + " needs https: " + text);
  }
  Target target;
  target.url = url.text();
  target.server = *server;
  target.secure = url.secure;
  target.host = server_name(url, settings.mode);
  target.weight = url.weight;
  target.head = method_ == "HEAD";
  target.request = RequestTemplate(url, parts);
  return target;
}

// What is asked for by SNI: one name for each connection, so that it is the Host's too.
TextTemplate LoadOptions::server_name(const Url& url, Mode mode) const {
  TextTemplate name(sni_.empty() ? url.host : sni_, sni_.empty() ? url.text() : "--sni");
  if (!name.fixed_on_connection()) {
    throw std::invalid_argument("a server's name may only have {{connection}} in it: " +
                                (sni_.empty() ? url.host : sni_));
  }
  if (!name.fixed() && mode == Mode::kResume) {
    throw std::invalid_argument("--mode resume needs one server name: sessions belong to it");
  }
  return name;
}

Duration LoadOptions::duration() const {
  return duration_.empty() ? Duration::zero() : bench::parse_time("--duration", duration_);
}

std::optional<std::string> LoadOptions::objection(const control::Config& config,
                                                  const Settings& settings) const {
  if (yes_) return {};
  if (duration_.empty() && count_.empty() && !find_max()) {
    return "this load has no end: give --duration or --count, or --yes";
  }
  for (const Target& target : settings.targets) {
    const wire::IpAddress& address = target.server.address;
    const bool allowed = std::ranges::any_of(allowed_, [&](const std::string& text) {
      const auto network = wire::Prefix::parse(text);
      if (!network) throw std::invalid_argument("--allow " + text + ": not a network");
      return network->contains(address);
    });
    if (!allowed && !bench::directly_attached(config, address)) {
      return address.to_string() + " is behind a gateway: give --allow NETWORK if it is yours, " +
             "or --yes";
    }
  }
  return {};
}

}  // namespace sluice::load
