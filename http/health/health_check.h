#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "dataplane/base/timer_wheel.h"
#include "dataplane/stream.h"
#include "http/body_decoder.h"
#include "http/head_parser.h"
#include "http/head_reader.h"
#include "http/health/check_result.h"
#include "http/health/check_settings.h"
#include "http/proxy_environment.h"
#include "http/upstream_tls.h"
#include "tls/environment.h"

namespace sluice::http {

/// Where and how one server is checked.
struct CheckTarget {
  wire::Endpoint address;
  CheckSettings settings;
  std::string host;  ///< for HTTP
};

/// One check of a server after the other, through the dataplane, as its requests go. Destroying it
/// resets a check that is under way.
class HealthCheck final : public StreamHandler, public Timer {
 public:
  class Listener {
   public:
    /// A check has ended; the next may be started from within.
    virtual void on_check_result(const CheckResult& result) = 0;

   protected:
    ~Listener() = default;
  };

  /// What all checks of a worker share; outlives them.
  struct Tools {
    const ProxyEnvironment& environment;
    tls::Environment& tls;
    HeadParser& parser;
  };

  HealthCheck(const Tools& tools, CheckTarget target, std::shared_ptr<UpstreamTls> tls,
              Listener& listener)
      : tools_(tools), target_(std::move(target)), tls_(std::move(tls)), listener_(listener) {}
  ~HealthCheck();

  /// Begins a check, when none is under way. The listener may be called before this returns.
  void start();

  // StreamHandler
  void on_open() override;
  void on_data(ByteChain data) override;
  void on_end() override;
  void on_acknowledged(std::size_t /*bytes*/) override {}
  void on_failure(StreamError error) override;

 private:
  // What is being waited for.
  enum class Phase : std::uint8_t { kIdle, kConnect, kResponse, kBody };

  // More of a response's body is not looked at.
  static constexpr std::size_t kMostBody = std::size_t{64} * 1024;
  static constexpr std::size_t kMostHead = std::size_t{32} * 1024;
  static constexpr std::size_t kMostFields = 512;

  void on_timer(Instant now) override;
  bool connect();
  void send_request();
  void read_head();
  void take_head(const ResponseHead& head);
  void read_body();
  void finish(CheckOutcome outcome);

  Tools tools_;
  CheckTarget target_;
  std::shared_ptr<UpstreamTls> tls_;
  Listener& listener_;
  Stream* stream_ = nullptr;
  tls::SecureStream* secure_ = nullptr;  // the same, with TLS
  ByteChain input_;
  HeadReader reader_;
  BodyDecoder body_;
  std::string text_;  // of the body
  Instant began_{};
  std::uint16_t status_ = 0;
  Phase phase_ = Phase::kIdle;
};

}  // namespace sluice::http
