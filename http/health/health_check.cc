#include "http/health/health_check.h"

#include <algorithm>
#include <utility>

namespace sluice::http {

HealthCheck::~HealthCheck() {
  if (stream_ != nullptr) stream_->abort();
}

void HealthCheck::start() {
  if (phase_ != Phase::kIdle) return;
  began_ = tools_.environment.clock.now();
  input_.clear();
  reader_ = HeadReader();
  text_.clear();
  status_ = 0;
  phase_ = Phase::kConnect;
  if (!connect()) return finish(CheckOutcome::kNoResources);
  tools_.environment.wheel.arm_after(*this, target_.settings.timeout);
}

bool HealthCheck::connect() {
  stream_ = tools_.environment.network.connect(target_.address, *this);
  if (stream_ == nullptr || tls_ == nullptr) return stream_ != nullptr;
  secure_ = tls_->connect(*stream_, *this, tools_.tls);
  if (secure_ == nullptr) return false;
  stream_ = secure_;
  return true;
}

// With TLS, when the handshake is done.
void HealthCheck::on_open() {
  if (secure_ != nullptr) tls_->keep_session(*secure_);
  switch (target_.settings.kind) {
    case CheckKind::kTcp:
      return finish(secure_ == nullptr ? CheckOutcome::kL4Ok : CheckOutcome::kL6Ok);
    case CheckKind::kTls:
      return finish(CheckOutcome::kL6Ok);
    case CheckKind::kHttp:
      return send_request();
    case CheckKind::kNone:
      break;
  }
}

void HealthCheck::send_request() {
  const CheckSettings& settings = target_.settings;
  const std::string request = settings.method + ' ' + settings.path +
                              " HTTP/1.1\r\nHost: " + target_.host +
                              "\r\nUser-Agent: Sluice (health check)\r\nAccept: */*\r\n"
                              "Connection: close\r\n\r\n";
  ByteChain bytes;
  const auto* begin = reinterpret_cast<const std::uint8_t*>(request.data());
  if (!bytes.append_copy({begin, request.size()}, tools_.environment.pool)) {
    return finish(CheckOutcome::kNoResources);
  }
  phase_ = Phase::kResponse;
  stream_->send(std::move(bytes));
}

void HealthCheck::on_data(ByteChain data) {
  stream_->consume(data.size());
  input_.append(std::move(data));
  if (phase_ == Phase::kConnect) return finish(CheckOutcome::kL7Invalid);  // it speaks unasked
  while (phase_ == Phase::kResponse && !input_.empty()) {
    const std::size_t before = input_.size();
    read_head();
    if (phase_ == Phase::kResponse && input_.size() == before) return;
  }
  if (phase_ == Phase::kBody) read_body();
}

void HealthCheck::read_head() {
  const HeadReader::Status status = reader_.read(input_, kMostHead, false);
  if (status == HeadReader::Status::kIncomplete) return;
  if (status != HeadReader::Status::kComplete) return finish(CheckOutcome::kL7Invalid);
  ResponseHead head;
  const bool to_head = target_.settings.method == "HEAD";
  const HeadError error =
      tools_.parser.parse_response(reader_.head(input_), kMostFields, to_head, head);
  if (error != HeadError::kNone) return finish(CheckOutcome::kL7Invalid);
  take_head(head);
}

// An interim response is followed by another.
void HealthCheck::take_head(const ResponseHead& head) {
  if (!head.interim()) {
    status_ = static_cast<std::uint16_t>(head.status);
    if (!target_.settings.accepts(head.status)) return finish(CheckOutcome::kL7Status);
    if (target_.settings.body.empty()) return finish(CheckOutcome::kL7Ok);
    body_ = BodyDecoder(head.framing);
    phase_ = Phase::kBody;
  }
  reader_.drop(input_);
}

void HealthCheck::read_body() {
  ByteChain data;
  const BodyDecoder::Status status = body_.decode(input_, data, tools_.environment.pool);
  const std::size_t begin = text_.size();
  text_.resize(begin + std::min(data.size(), kMostBody - begin));
  data.copy_out(0, {reinterpret_cast<std::uint8_t*>(text_.data()) + begin, text_.size() - begin});
  if (text_.find(target_.settings.body) != std::string::npos) return finish(CheckOutcome::kL7Ok);
  if (status == BodyDecoder::Status::kBad) return finish(CheckOutcome::kL7Invalid);
  if (status == BodyDecoder::Status::kNoBuffers) return finish(CheckOutcome::kNoResources);
  if (status == BodyDecoder::Status::kDone || text_.size() == kMostBody) {
    finish(CheckOutcome::kL7Body);
  }
}

void HealthCheck::on_end() {
  const bool whole = phase_ == Phase::kBody && body_.kind() == BodyFraming::Kind::kUntilClose;
  finish(whole ? CheckOutcome::kL7Body : CheckOutcome::kL7Invalid);
}

void HealthCheck::on_failure(StreamError error) {
  stream_ = secure_ = nullptr;
  if (phase_ != Phase::kConnect) return finish(CheckOutcome::kL7Invalid);
  if (error == StreamError::kNoMemory) return finish(CheckOutcome::kNoResources);
  if (error == StreamError::kTimedOut) return finish(CheckOutcome::kL4Timeout);
  const bool in_handshake =
      tls_ != nullptr && (error == StreamError::kProtocol || error == StreamError::kTruncated ||
                          error == StreamError::kReset);
  if (in_handshake) tls_->forget_sessions();
  finish(in_handshake ? CheckOutcome::kL6Failed : CheckOutcome::kL4Failed);
}

void HealthCheck::on_timer(Instant /*now*/) {
  if (phase_ != Phase::kConnect) return finish(CheckOutcome::kL7Timeout);
  finish(tls_ == nullptr ? CheckOutcome::kL4Timeout : CheckOutcome::kL6Timeout);
}

// In order where the server did its part, so that its log has nothing to complain of.
void HealthCheck::finish(CheckOutcome outcome) {
  disarm();
  phase_ = Phase::kIdle;
  secure_ = nullptr;
  const CheckResult result{outcome, status_, tools_.environment.clock.now() - began_};
  if (Stream* stream = std::exchange(stream_, nullptr)) {
    result.good() ? stream->close() : stream->abort();
  }
  input_.clear();
  listener_.on_check_result(result);
}

}  // namespace sluice::http
