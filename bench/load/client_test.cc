#include "bench/load/client.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "bench/load/client_core.h"
#include "dataplane/base/graveyard.h"
#include "dataplane/tcp/testing/simulation.h"

namespace sluice::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using tcp::testing::Probe;
using tcp::testing::ProbeAcceptor;
using tcp::testing::Simulation;

constexpr const char* kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

// A client of the load tester on one simulated host, a server that is told what to answer on the
// other.
class ClientTest : public ::testing::Test, private ClientOwner {
 protected:
  static constexpr std::uint16_t kPort = 80;

  ClientTest() {
    settings_.sources = {simulation_.client().address()};
    target_.server = {simulation_.server().address(), kPort};
    target_.request = RequestTemplate(parse_url("http://server/"), {});
  }

  ~ClientTest() override { client_.reset(); }

  void listen() {
    acceptor_.prepare = [this](Probe& probe) {
      probe.close_on_end = true;
      probe.on_data_hook = [this, &probe] { answer_to(probe); };
    };
    ASSERT_TRUE(simulation_.server().stack().listen(target_.server, acceptor_));
  }

  void answer_to(Probe& probe) {
    if (!answer_.empty()) probe.say(answer_, simulation_.server().pool());
    if (after_answer_) after_answer_(probe);
  }

  void start() {
    client_ = std::make_unique<Client>(core_, target_);
    client_->connect(simulation_.clock().now());
  }

  bool eventually(const std::function<bool()>& reached, Duration limit = seconds(60)) {
    return simulation_.run_until(reached, limit);
  }
  bool ends() {
    return eventually([this] { return done_; });
  }
  std::uint64_t failures(Failure failure) const {
    return statistics_.failures[static_cast<std::size_t>(failure)].get();
  }
  // A client that is done has failed once, by this cause.
  void expect_failed(Failure failure) {
    EXPECT_EQ(failures(failure), 1U);
    for (std::size_t i = 0; i < kFailures; ++i) {
      if (i != static_cast<std::size_t>(failure)) {
        EXPECT_EQ(statistics_.failures[i].get(), 0U) << i;
      }
    }
    expect_nothing_under_way();
  }
  void expect_nothing_under_way() const {
    EXPECT_EQ(statistics_.open.get(), 0U);
    EXPECT_EQ(statistics_.in_flight.get(), 0U);
    EXPECT_EQ(core_.opening, 0U);
  }

  // ClientOwner
  void on_idle(Client& /*client*/) override { idle_ = true; }
  void on_busy(Client& /*client*/) override { idle_ = false; }
  void on_done(Client& /*client*/) override { done_ = true; }
  const wire::IpAddress& next_source(const wire::IpAddress& /*server*/) override {
    return settings_.sources.front();
  }

  Simulation simulation_;
  ProbeAcceptor acceptor_;
  Settings settings_;
  Target target_;
  Statistics statistics_;
  std::string answer_ = kAnswer;
  std::function<void(Probe&)> after_answer_;
  bool idle_ = false;
  bool done_ = false;
  ReaderTools tools_{simulation_.client().pool(), {}, {}};
  Graveyard graveyard_;
  tls::Counters tls_counters_;
  Clock tls_clock_;
  tls::Environment tls_{simulation_.client().pool(), graveyard_, tls_clock_, tls_counters_};
  SessionStore sessions_;
  ClientCore core_{.settings = settings_,
                   .stack = simulation_.client().stack(),
                   .pool = simulation_.client().pool(),
                   .clock = simulation_.clock(),
                   .timers = simulation_.client().timers(),
                   .statistics = statistics_,
                   .tools = tools_,
                   .owner = *this,
                   .tls_context = nullptr,
                   .tls = tls_,
                   .sessions = sessions_,
                   .connections = {0, 1},
                   .requests = {0, 1},
                   .random = std::mt19937_64(1),
                   .scratch = {}};
  std::unique_ptr<Client> client_;
};

TEST_F(ClientTest, CountsARequestAndItsAnswer) {
  listen();
  settings_.closing = Closing::kClient;
  start();
  ASSERT_TRUE(ends());
  EXPECT_EQ(statistics_.connections_started.get(), 1U);
  EXPECT_EQ(statistics_.connections_opened.get(), 1U);
  EXPECT_EQ(statistics_.connections_closed.get(), 1U);
  EXPECT_EQ(statistics_.requests.get(), 1U);
  EXPECT_EQ(statistics_.responses.get(), 1U);
  EXPECT_EQ(statistics_.statuses[200].get(), 1U);
  EXPECT_EQ(statistics_.body_bytes.get(), 5U);
  EXPECT_EQ(acceptor_.accepted.at(0)->received, "GET / HTTP/1.1\r\nHost: server\r\n\r\n");
  expect_nothing_under_way();
}

TEST_F(ClientTest, MeasuresFromTheInstantARequestWasDue) {
  listen();
  simulation_.run_for(milliseconds(500));
  client_ = std::make_unique<Client>(core_, target_);
  client_->connect(simulation_.clock().now() - milliseconds(300));
  ASSERT_TRUE(eventually([this] { return statistics_.responses.get() == 1; }));
  // Two round trips of 10 ms behind the 300 that it was late.
  Distribution total;
  total.add(statistics_.total);
  EXPECT_NEAR(static_cast<double>(total.percentile(50).count()), 320e6, 4e6);
  Distribution first_byte;
  first_byte.add(statistics_.first_byte);
  EXPECT_NEAR(static_cast<double>(first_byte.percentile(50).count()), 10e6, 1e6);
}

TEST_F(ClientTest, LeavesTimeWaitToWhoClosesFirst) {
  listen();
  settings_.closing = Closing::kServer;
  after_answer_ = [](Probe& probe) { probe.close(); };
  start();
  ASSERT_TRUE(ends());
  simulation_.run_for(seconds(1));
  EXPECT_EQ(simulation_.client().stack().time_wait(), 0U);
  EXPECT_EQ(simulation_.server().stack().time_wait(), 1U);
}

TEST_F(ClientTest, ClosesByResetWhenToldTo) {
  listen();
  settings_.closing = Closing::kReset;
  start();
  ASSERT_TRUE(ends());
  simulation_.run_for(seconds(1));
  EXPECT_EQ(statistics_.connections_closed.get(), 1U);
  EXPECT_EQ(simulation_.client().stack().counters().resets_sent.get(), 1U);
  EXPECT_EQ(simulation_.client().stack().time_wait() + simulation_.server().stack().time_wait(),
            0U);
}

TEST_F(ClientTest, RestsBetweenTwoRequestsOfAConnection) {
  listen();
  settings_.mode = Mode::kKeepAlive;
  settings_.requests_per_connection = 2;
  start();
  ASSERT_TRUE(eventually([this] { return idle_; }));
  EXPECT_EQ(statistics_.open.get(), 1U);
  EXPECT_EQ(statistics_.in_flight.get(), 0U);
  client_->request(simulation_.clock().now());
  ASSERT_TRUE(ends());
  EXPECT_EQ(statistics_.responses.get(), 2U);
  EXPECT_EQ(statistics_.connections_opened.get(), 1U);
  expect_nothing_under_way();
}

TEST_F(ClientTest, OfModeConnectAsksNothing) {
  listen();
  settings_.mode = Mode::kConnect;
  start();
  ASSERT_TRUE(ends());
  EXPECT_EQ(statistics_.connections_closed.get(), 1U);
  EXPECT_EQ(statistics_.requests.get(), 0U);
  EXPECT_EQ(statistics_.total.count(Histogram::bucket_of(milliseconds(10))), 1U);
}

TEST_F(ClientTest, NamesAHeldConnectionThatWasLost) {
  listen();
  settings_.mode = Mode::kHold;
  settings_.requests_per_connection = 0;
  start();
  ASSERT_TRUE(eventually([this] { return idle_; }));
  acceptor_.accepted.at(0)->close();
  ASSERT_TRUE(ends());
  expect_failed(Failure::kLost);
}

TEST_F(ClientTest, NamesAHeldConnectionThatWasReset) {
  listen();
  settings_.mode = Mode::kHold;
  settings_.requests_per_connection = 0;
  start();
  ASSERT_TRUE(eventually([this] { return idle_; }));
  std::exchange(acceptor_.accepted.at(0)->stream, nullptr)->abort();
  ASSERT_TRUE(ends());
  expect_failed(Failure::kLost);
}

TEST_F(ClientTest, LetsAServerCloseAKeptConnection) {
  listen();
  settings_.mode = Mode::kKeepAlive;
  settings_.requests_per_connection = 0;
  start();
  ASSERT_TRUE(eventually([this] { return idle_; }));
  acceptor_.accepted.at(0)->close();
  ASSERT_TRUE(ends());
  EXPECT_EQ(statistics_.connections_closed.get(), 1U);
  expect_nothing_under_way();
}

TEST_F(ClientTest, NamesARefusedConnection) {
  start();
  ASSERT_TRUE(ends());
  expect_failed(Failure::kRefused);
}

TEST_F(ClientTest, NamesAConnectionThatNobodyAnswers) {
  simulation_.impairments.loss = 1;
  start();
  ASSERT_TRUE(ends());
  expect_failed(Failure::kConnectTimeout);
}

TEST_F(ClientTest, NamesAnAnswerThatDoesNotCome) {
  listen();
  answer_.clear();
  start();
  ASSERT_TRUE(ends());
  expect_failed(Failure::kResponseTimeout);
}

TEST_F(ClientTest, NamesAResetInsteadOfAnAnswer) {
  listen();
  answer_ = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello";
  after_answer_ = [](Probe& probe) { std::exchange(probe.stream, nullptr)->abort(); };
  start();
  ASSERT_TRUE(ends());
  expect_failed(Failure::kReset);
}

TEST_F(ClientTest, NamesAnEndInsteadOfAnAnswer) {
  listen();
  answer_.clear();
  after_answer_ = [](Probe& probe) { probe.close(); };
  start();
  ASSERT_TRUE(ends());
  expect_failed(Failure::kClosedEarly);
}

TEST_F(ClientTest, NamesABodyThatIsCutShort) {
  listen();
  answer_ = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello";
  after_answer_ = [](Probe& probe) { probe.close(); };
  start();
  ASSERT_TRUE(ends());
  expect_failed(Failure::kShortBody);
}

TEST_F(ClientTest, TakesAnAnswerThatTheEndOfTheConnectionEnds) {
  listen();
  answer_ = "HTTP/1.1 200 OK\r\n\r\nhello";
  after_answer_ = [](Probe& probe) { probe.close(); };
  start();
  ASSERT_TRUE(ends());
  EXPECT_EQ(statistics_.responses.get(), 1U);
  EXPECT_EQ(statistics_.body_bytes.get(), 5U);
}

TEST_F(ClientTest, NamesWhatIsNoHttp) {
  listen();
  answer_ = "220 mail.example.com ESMTP\r\n\r\n";
  start();
  ASSERT_TRUE(ends());
  expect_failed(Failure::kBadResponse);
}

TEST_F(ClientTest, NamesMoreThanWasAskedFor) {
  listen();
  answer_ += answer_;
  start();
  ASSERT_TRUE(ends());
  EXPECT_EQ(failures(Failure::kBadResponse), 1U);
  EXPECT_EQ(statistics_.responses.get(), 0U);
}

TEST_F(ClientTest, ComparesStatusSizeAndBytesWithWhatIsExpected) {
  listen();
  settings_.closing = Closing::kClient;
  settings_.expectation.body = "hello";
  start();
  ASSERT_TRUE(ends());
  EXPECT_EQ(statistics_.responses.get(), 1U);
  const auto fails_with = [this](const Expectation& expectation, Failure failure) {
    settings_.expectation = expectation;
    const std::uint64_t before = failures(failure);
    done_ = false;
    start();
    return ends() && failures(failure) == before + 1;
  };
  EXPECT_TRUE(fails_with({.status = 204, .size = {}, .body = {}}, Failure::kWrongStatus));
  EXPECT_TRUE(fails_with({.status = {}, .size = 6, .body = {}}, Failure::kWrongBody));
  EXPECT_TRUE(fails_with({.status = {}, .size = {}, .body = "hellO"}, Failure::kWrongBody));
  EXPECT_TRUE(fails_with({.status = {}, .size = {}, .body = "hello!"}, Failure::kWrongBody));
  EXPECT_EQ(statistics_.responses.get(), 1U);
}

TEST_F(ClientTest, FillsInItsNumbers) {
  listen();
  target_.request = RequestTemplate(parse_url("http://h{{connection}}/{{request}}"), {});
  settings_.mode = Mode::kKeepAlive;
  settings_.requests_per_connection = 0;
  core_.connections = {2, 3};
  core_.requests = {2, 3};
  start();
  ASSERT_TRUE(eventually([this] { return idle_; }));
  client_->request(simulation_.clock().now());
  ASSERT_TRUE(eventually([this] { return statistics_.responses.get() == 2; }));
  EXPECT_EQ(acceptor_.accepted.at(0)->received,
            "GET /2 HTTP/1.1\r\nHost: h2\r\n\r\nGET /5 HTTP/1.1\r\nHost: h2\r\n\r\n");
}

}  // namespace
}  // namespace sluice::load
