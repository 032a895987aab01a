#include "control/engine.h"

#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "control/admin_commands.h"
#include "control/capture/capture_client.h"
#include "control/capture/capture_commands.h"
#include "control/config/load.h"
#include "control/control_loop.h"
#include "control/monitor.h"
#include "control/sessions/session_commands.h"
#include "control/settings_builder.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kConfig = R"(
[sluice]
workers = 2
hugepages = false
max_connections = 1000
drain_timeout = "60s"
[[interface]]
name = "wan"
ports = ["ring:w"]
address = ["198.18.0.1/24", "2001:db8::1/64"]
gateway = "198.18.0.254"
[[interface]]
name = "farm"
ports = ["ring:w"]
address = "198.18.1.1/24"
mtu = 1300
[[frontend]]
name = "www"
bind = ["198.18.0.1:80", "[2001:db8::1]:80"]
backend = "farm"
[[backend]]
name = "farm"
server = ["198.18.1.11:80", "198.18.1.12:80"]
)";

Config config() {
  Diagnostics problems;
  const auto read = read_config(kConfig, problems);
  EXPECT_TRUE(problems.ok()) << problems.format("test");
  return read.value_or(Config{});
}

/// DPDK starts once in a process: all tests share one engine, which is at work.
class EngineTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    signals = new SignalQueue;
    engine = new Engine(config());
    SettingsBuilder builder(2);
    engine->publish(builder.build(config()));
    monitor = new Monitor(*engine);
    add_admin_commands(commands(), *monitor);
    add_session_commands(commands(), *engine);
    add_capture_commands(commands(), *engine);
    engine->start();
  }
  static void TearDownTestSuite() {
    delete monitor;
    delete engine;
    delete signals;
  }

  static CommandTable& commands() {
    static CommandTable table;
    return table;
  }

  static std::string ask(const std::string& line) {
    const Answer answer = whole_answer(line);
    EXPECT_FALSE(answer.failed) << answer.text;
    return answer.text;
  }

  // With what the workers take their time for.
  static Answer whole_answer(const std::string& line) {
    Answer answer = commands().run(split_commands(line).front());
    for (bool ended = answer.rest == nullptr; !ended;) {
      Answer piece;
      ended = answer.rest->advance(piece);
      answer.text += piece.text;
      answer.failed = answer.failed || piece.failed;
      std::this_thread::sleep_for(1ms);
    }
    return answer;
  }

  inline static SignalQueue* signals = nullptr;
  inline static Engine* engine = nullptr;
  inline static Monitor* monitor = nullptr;
};

TEST_F(EngineTest, WorkersRunAndAreCounted) {
  monitor->tick();
  std::this_thread::sleep_for(50ms);
  monitor->tick();
  const auto workers = nlohmann::json::parse(ask("show workers json"));
  ASSERT_EQ(workers.size(), 2U);
  for (const auto& worker : workers) {
    EXPECT_GT(worker["loops_s"], 0);
    EXPECT_GT(worker["buffers_free"], 0);
    EXPECT_EQ(worker["connections"], 0);
  }
}

TEST_F(EngineTest, FreesWhatIsRetiredWhenTheWorkersHaveLeftIt) {
  auto object = std::make_shared<const int>(1);
  const std::weak_ptr<const int> seen = object;
  engine->retire(std::move(object));
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!seen.expired() && std::chrono::steady_clock::now() < deadline) {
    engine->tend();
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_TRUE(seen.expired());
}

TEST_F(EngineTest, DescribesPortsAndMemory) {
  const std::string text = engine->describe();
  EXPECT_NE(text.find("ring:w"), std::string::npos) << text;
  EXPECT_NE(text.find("packet buffers for each of 2 workers"), std::string::npos) << text;
  EXPECT_NE(text.find("without hugepages"), std::string::npos) << text;
}

TEST_F(EngineTest, ShowsInterfacesWithTheirOwnMtu) {
  const auto rows = nlohmann::json::parse(ask("show interfaces json"));
  bool found = false;
  for (const auto& row : rows) {
    if (row["address"] != "198.18.1.1/24") continue;
    found = true;
    EXPECT_EQ(row["interface"], "farm");
    EXPECT_EQ(row["mtu"], 1300);
  }
  EXPECT_TRUE(found);
  EXPECT_EQ(nlohmann::json::parse(ask("show ports json")).size(), 2U);
}

TEST_F(EngineTest, ShowInfoHasWhatToolsNeed) {
  const std::string info = ask("show info");
  // hatop gives up without any of these.
  for (const char* name :
       {"Name", "Version", "Release_date", "Nbproc", "Process_num", "Pid", "Uptime", "Maxconn",
        "CurrConns", "Maxpipes", "PipesUsed", "Tasks", "Run_queue", "node"}) {
    EXPECT_NE(("\n" + info).find("\n" + std::string(name) + ": "), std::string::npos) << name;
  }
  EXPECT_NE(info.find("Nbthread: 2\n"), std::string::npos);
  EXPECT_NE(info.find("Maxconn: 1000\n"), std::string::npos);
  EXPECT_TRUE(nlohmann::json::parse(ask("show info json")).is_array());
}

TEST_F(EngineTest, ShowStatHasARowForEachThing) {
  const std::string csv = ask("show stat");
  for (const char* row :
       {"\nwww,FRONTEND,", "\nfarm,198.18.1.11:80,", "\nfarm,198.18.1.12:80,", "\nfarm,BACKEND,"}) {
    EXPECT_NE(csv.find(row), std::string::npos) << row;
  }
  EXPECT_EQ(nlohmann::json::parse(ask("show stat json")).size(), 4U);
}

TEST_F(EngineTest, ShowCountersChoosesByName) {
  const auto counters = nlohmann::json::parse(ask("show counters tcp.syns json"));
  ASSERT_GE(counters.size(), 1U);
  for (const auto& counter : counters) {
    EXPECT_TRUE(std::string(counter["counter"]).starts_with("tcp.syns"));
    EXPECT_EQ(counter["value"], 0);
  }
  EXPECT_EQ(nlohmann::json::parse(ask("show counters tcp.syns nonzero json")).size(), 0U);
}

TEST_F(EngineTest, ShowSessAsksEveryWorker) {
  const auto sessions = nlohmann::json::parse(ask("show sess json"));
  EXPECT_EQ(sessions["sessions"].size(), 0U);
  EXPECT_EQ(sessions["more"], false);
  EXPECT_NE(whole_answer("show sess 1.0.0000").text.find("no such connection"), std::string::npos);
  EXPECT_TRUE(whole_answer("show sess 2.0.0000").failed) << "there are two workers";
  EXPECT_TRUE(whole_answer("show sess remote nowhere").failed);
}

TEST_F(EngineTest, ACaptureIsAPcapngFileAndThereIsOneAtATime) {
  {
    const Answer first = commands().run(split_commands("capture duration 1h").front());
    ASSERT_NE(first.rest, nullptr);
    EXPECT_TRUE(whole_answer("capture").failed) << "one is under way";
  }
  EXPECT_TRUE(whole_answer("capture port ring:elsewhere").failed);
  const std::string file = ask("capture port ring:w duration 50ms");
  PcapngReader reader;
  EXPECT_EQ(reader.add(file), file);
  EXPECT_EQ(reader.lost(), 0U);
}

TEST_F(EngineTest, RefusesArgumentsThatThereAreNot) {
  for (const char* line : {"show info xml", "show stat everything", "show workers 1",
                           "show counters a b", "show", "frobnicate"}) {
    EXPECT_TRUE(commands().run(split_commands(line).front()).failed) << line;
  }
}

TEST_F(EngineTest, ANewSnapshotReplacesTheOldOne) {
  SettingsBuilder builder(2);
  const auto before = engine->snapshot().generation;
  engine->publish(builder.build(config()));
  EXPECT_EQ(engine->snapshot().generation, before + 1);
  for (int i = 0; i < 100; ++i) {
    engine->tend();
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_NE(ask("show info").find("Snapshot: 2\n"), std::string::npos);
}

// The last one: it ends the engine.
TEST_F(EngineTest, DrainsAndEndsOnASignal) {
  TicketKeeper tickets(engine->config().process, std::chrono::steady_clock::now());
  ControlLoop loop(
      {.engine = *engine, .monitor = *monitor, .tickets = tickets, .signals = *signals});
  std::thread other([] {
    std::this_thread::sleep_for(100ms);
    ::kill(::getpid(), SIGTERM);
  });
  const auto begun = std::chrono::steady_clock::now();
  loop.run();
  other.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 30s) << "there was nothing to wait for";
  EXPECT_NE(ask("show info").find("Stopping: 1\n"), std::string::npos);
  EXPECT_NE(ask("show stat").find(",STOP,"), std::string::npos);
  EXPECT_TRUE(engine->end());
}

}  // namespace
}  // namespace sluice::control
