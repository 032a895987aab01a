#include "bench/serve/session.h"

#include <algorithm>
#include <utility>

#include "http/request_head.h"

namespace sluice::serve {
namespace {

constexpr std::size_t kLongestHead = 65536;
constexpr std::size_t kMostFields = 256;
// Of a body, sent and not acknowledged: bounded for a slow reader, and what a long or fast path
// takes while there are buffers.
constexpr std::uint64_t kUsuallyInFlight = std::uint64_t{256} * 1024;
constexpr std::uint64_t kMostInFlight = std::uint64_t{4} * 1024 * 1024;

}  // namespace

Session::~Session() {
  core_.statistics.open.subtract();
  if (stream_ != nullptr) stream_->abort();
}

void Session::on_data(ByteChain data) {
  stream_->consume(data.size());
  input_.append(std::move(data));
  read();
}

// Later requests of a client that pipelines wait here until their turn.
void Session::read() {
  while (stream_ != nullptr && !input_.empty()) {
    const bool more = state_ == State::kHead   ? read_head()
                      : state_ == State::kBody ? read_body()
                                               : false;
    if (!more) return;
  }
}

bool Session::read_head() {
  if (!head_reader_.started()) {
    const std::size_t size = core_.memory.match(input_.front());
    if (size > 0) {
      input_.drop_front(size);
      take_head(core_.memory.facts());
      return true;
    }
  }
  const auto status = head_reader_.read(input_, kLongestHead, true);
  if (status == http::HeadReader::Status::kIncomplete) return false;
  http::RequestHead request;
  if (status != http::HeadReader::Status::kComplete ||
      core_.parser.parse_request(head_reader_.head(input_), kMostFields, request) !=
          http::HeadError::kNone) {
    refuse();
    return false;
  }
  const RequestFacts facts{.framing = request.framing,
                           .to_head = request.method == http::Method::kHead,
                           .keeps_alive = request.keeps_alive(),
                           .http10 = request.version == http::Version::kHttp10,
                           .expects_continue = request.expects_continue};
  core_.memory.remember(head_reader_.head(input_), facts);
  head_reader_.drop(input_);
  take_head(facts);
  return true;
}

void Session::take_head(const RequestFacts& facts) {
  request_ = facts;
  if (facts.framing.kind == http::BodyFraming::Kind::kNone) {
    answer_when_due();
    return;
  }
  state_ = State::kBody;
  body_ = http::BodyDecoder(facts.framing);
  if (facts.expects_continue && input_.empty()) {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    ByteChain interim;
    if (!interim.append_copy(
            {reinterpret_cast<const std::uint8_t*>(kContinue.data()), kContinue.size()},
            core_.pool))
      return;
    stream_->send(std::move(interim));
  }
}

bool Session::read_body() {
  ByteChain body;
  switch (body_.decode(input_, body, core_.pool)) {
    case http::BodyDecoder::Status::kDone:
      answer_when_due();
      return true;
    case http::BodyDecoder::Status::kMore:
      return false;
    default:
      refuse();
      return false;
  }
}

void Session::answer_when_due() {
  core_.statistics.requests.add();
  const Instant due = answer_time();
  if (due <= core_.clock.now()) {
    answer();
    return;
  }
  state_ = State::kDelayed;
  core_.timers.arm(*this, due);
}

// Within a stall everything waits for its end; the same instants on all workers.
Instant Session::answer_time() const {
  const Settings& settings = core_.settings;
  const Instant due = core_.clock.now() + settings.delay;
  if (settings.stall_every <= Duration::zero()) return due;
  const Duration into = due.time_since_epoch() % settings.stall_every;
  return into < settings.stall_for ? due + (settings.stall_for - into) : due;
}

void Session::on_timer(Instant /*now*/) {
  answer();
  read();
}

void Session::answer() {
  using Connection = ResponseWriter::Connection;
  state_ = State::kAnswering;
  response_ = core_.writer.choose();
  body_sent_ = 0;
  request_.keeps_alive = request_.keeps_alive && !core_.settings.close;
  const Connection connection = !request_.keeps_alive ? Connection::kCloses
                                : request_.http10     ? Connection::kKeepsAliveV10
                                                      : Connection::kKeepsAlive;
  ByteChain message;
  if (!core_.writer.head(response_, connection, message)) {
    close();
    return;
  }
  if (request_.to_head) body_sent_ = response_.size;
  send_body(std::move(message));
}

std::uint64_t Session::most_in_flight() const {
  const bool plenty = core_.pool.pressure() == MemoryPressure::kNone;
  return plenty && stream_->starves() ? kMostInFlight : kUsuallyInFlight;
}

// Sends what comes behind `message`, as far as the bound allows; on_acknowledged() goes on.
void Session::send_body(ByteChain message) {
  const std::uint64_t in_flight = stream_->unacknowledged();
  const std::uint64_t most = most_in_flight();
  const std::uint64_t room = in_flight < most ? most - in_flight : 0;
  const std::uint64_t piece = std::min(response_.size - body_sent_, room);
  const std::uint64_t made = core_.writer.body(body_sent_, piece, message);
  body_sent_ += made;
  core_.statistics.body_bytes.add(made);
  if (!message.empty()) stream_->send(std::move(message));
  if (body_sent_ < response_.size) {
    if (made == 0 && stream_->unacknowledged() == 0) close();  // no buffers, and none on their way
    return;
  }
  core_.statistics.responses.add();
  state_ = State::kHead;
  if (!request_.keeps_alive || (ended_ && input_.empty())) close();
}

void Session::on_acknowledged(std::size_t /*bytes*/) {
  if (state_ != State::kAnswering || stream_->unacknowledged() > most_in_flight() / 2) return;
  send_body({});
  read();
}

void Session::refuse() {
  core_.statistics.bad_requests.add();
  constexpr std::string_view kAnswer =
      "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  ByteChain message;
  if (message.append_copy({reinterpret_cast<const std::uint8_t*>(kAnswer.data()), kAnswer.size()},
                          core_.pool)) {
    stream_->send(std::move(message));
  }
  close();
}

void Session::on_end() {
  ended_ = true;
  if (state_ == State::kHead || state_ == State::kBody) close();
}

void Session::on_failure(StreamError /*error*/) {
  core_.statistics.failures.add();
  stream_ = nullptr;
  close();
}

void Session::close() {
  disarm();
  input_.clear();
  if (stream_ != nullptr) std::exchange(stream_, nullptr)->close();
  core_.done.push_back(this);
}

}  // namespace sluice::serve
