#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/load/arrivals.h"
#include "bench/load/request_template.h"
#include "bench/load/text_template.h"
#include "dataplane/base/time.h"
#include "dataplane/wire/ip_address.h"
#include "tls/client/client_context.h"
#include "tls/environment_options.h"

namespace sluice::load {

/// What one connection does.
enum class Mode : std::uint8_t {
  kConnect,     ///< opens and closes
  kHandshake,   ///< opens, makes a full TLS handshake and closes
  kRequest,     ///< one request
  kResume,      ///< the same, resuming the TLS session of an earlier connection
  kKeepAlive,   ///< several requests, one after the other
  kHold,        ///< stays open, with a request now and then
  kThroughput,  ///< requests without an end, for their bytes
};

/// Which side begins to close, and how.
enum class Closing : std::uint8_t {
  kServer,  ///< "Connection: close" asks the server to; the client follows
  kClient,  ///< the client closes when it has its answer
  kReset,   ///< the client resets when it has its answer
};

/// What is asked for, of whom.
struct Target {
  std::string url;  ///< as it was given, without its weight
  wire::Endpoint server;
  bool secure = false;
  TextTemplate host;  ///< for SNI: the URL's, without the port
  RequestTemplate request;
  bool head = false;  ///< the answer has no body, whatever its head says
  std::uint32_t weight = 1;
};

/// What an answer must be like to count as a good one.
struct Expectation {
  std::optional<unsigned> status;     ///< nothing: 200 to 399
  std::optional<std::uint64_t> size;  ///< of the body, bytes
  std::optional<std::string> body;    ///< its bytes
};

/// A whole load, the same for all workers.
struct Settings {
  Mode mode = Mode::kRequest;
  Closing closing = Closing::kServer;
  std::vector<Target> targets;
  Expectation expectation;

  /// Open loop: new connections (in keep-alive modes: requests) begin at these rates, whatever
  /// became of the earlier ones. Empty: closed loop.
  std::vector<RateStep> rate;
  bool poisson = false;
  /// Connections at one time: as many as are kept going in a closed loop, at most in an open one.
  std::uint32_t connections = 1;
  /// Requests on one connection; 0: no end.
  std::uint64_t requests_per_connection = 1;

  std::uint64_t count = 0;  ///< connections (keep-alive modes: requests) in all; 0: no bound
  Duration connect_timeout = std::chrono::seconds(5);
  Duration response_timeout = std::chrono::seconds(10);
  /// kHold: how long a connection rests between two requests, on average.
  Duration hold_interval = std::chrono::seconds(30);

  /// Own addresses to connect from, taken in turn.
  std::vector<wire::IpAddress> sources;
  std::uint64_t seed = 1;
  /// For targets that are secure.
  tls::ClientSettings tls;
  tls::RecordLayer record_layer = tls::RecordLayer::kOwn;

  /// Whether a connection opens and closes, and nothing is asked.
  [[nodiscard]] bool asks_nothing() const {
    return mode == Mode::kConnect || mode == Mode::kHandshake;
  }
  /// Whether a connection is for several requests.
  [[nodiscard]] bool keeps_alive() const {
    return mode == Mode::kKeepAlive || mode == Mode::kHold || mode == Mode::kThroughput;
  }
};

}  // namespace sluice::load
