#include "control/metrics/metric_catalog.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "control/metrics/exposition_reader.h"
#include "control/stats/counter_catalog.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;
using Format = Exposition::Format;

Latency some_latency() {
  const auto measured = std::make_unique<MeasuredDuration>();
  measured->add(3ms);
  Latency latency;
  latency.add(*measured);
  return latency;
}

WorkerReport some_worker() {
  WorkerReport worker;
  worker.load = 0.5;
  worker.buffers = 1000;
  worker.counters.assign(counter_catalog().size(), 3);
  return worker;
}

// Every column but the names.
void fill(StatRow& row, std::uint64_t value) {
  for (std::size_t column = stat_column("qcur"); column < kStatColumns.size(); ++column) {
    row.set(StatColumnName(column), value);
  }
}

/// Something of everything, each number of `show stat` and `show info` included.
Report full_report() {
  Report report;
  for (const char* field : {"Nbthread",
                            "Uptime_sec",
                            "Start_time_sec",
                            "Ulimit-n",
                            "Maxconn",
                            "CurrConns",
                            "CumConns",
                            "CumReq",
                            "CumSslConns",
                            "ConnRate",
                            "MaxConnRate",
                            "SslRate",
                            "MaxSslRate",
                            "SslFrontendKeyRate",
                            "SslFrontendMaxKeyRate",
                            "SslFrontendSessionReuse_pct",
                            "SslBackendKeyRate",
                            "SslBackendMaxKeyRate",
                            "Tasks",
                            "Idle_pct",
                            "Stopping",
                            "Jobs",
                            "Listeners",
                            "TotalBytesOut",
                            "BytesOutRate",
                            "Snapshot"}) {
    report.info.add(field, kGaugeTags, 5);
  }
  report.info.add("Version", kTextTags, "1.2");
  report.rows = {StatRow(RowKind::kFrontend, "www", "FRONTEND", 1, 0),
                 StatRow(RowKind::kServer, "farm", "a", 2, 1),
                 StatRow(RowKind::kServer, "farm", "b\"", 2, 2),
                 StatRow(RowKind::kBackend, "farm", "BACKEND", 2, 0)};
  for (StatRow& row : report.rows) fill(row, 4);
  report.rows[0].set("status", "OPEN");
  report.rows[1].set("status", "UP 1/3").set("check_status", "L7OK").set("ctime", 12);
  report.rows[2].set("status", "MAINT").set("check_status", "").set_signed("lastsess", -1);
  report.rows[3].set("status", "UP");
  report.latencies.full_handshake = some_latency();
  report.latencies.resumed_handshake = some_latency();
  report.latencies.backends.push_back(
      {"farm", some_latency(), some_latency(), some_latency(), some_latency()});
  report.latencies.backends.push_back({"idle", {}, {}, {}, {}});
  report.workers = {some_worker(), some_worker()};
  report.ports.push_back({"af_packet:wan", true, 1, 2, 3, 4});
  report.handshakes = {{"full", "TLS_AES_128_GCM_SHA256", 3},
                       {"resumed", "TLS_AES_128_GCM_SHA256", 4},
                       {"failed", "not TLS", 5}};
  report.certificates.push_back({"/etc/www.pem", 1'700'000'000, 1'800'000'000});
  return report;
}

class MetricCatalogTest : public ::testing::Test {
 protected:
  static ExpositionReader read(Format format) {
    return {expose(full_report(), kAllScopes, format), format};
  }

  static const ExpositionReader& prometheus() {
    static const ExpositionReader reader = read(Format::kPrometheus);
    return reader;
  }

  const ExpositionReader& reader_ = prometheus();
};

TEST_F(MetricCatalogTest, TheTextIsWellFormedInBothFormats) {
  EXPECT_NO_THROW(read(Format::kOpenMetrics));
}

TEST_F(MetricCatalogTest, EveryMetricIsInTheTextOnceAndAsTheManualHasIt) {
  std::set<std::string> names;
  for (const Metric& metric : metric_catalog()) {
    const MetricInfo& info = metric.info;
    EXPECT_TRUE(names.insert(info.name).second) << info.name << " is there twice";
    ASSERT_TRUE(reader_.families().contains(info.name)) << info.name;
    const auto& family = reader_.families().at(info.name);
    EXPECT_EQ(family.type, to_string(info.type)) << info.name;
    EXPECT_EQ(family.help, info.help) << info.name;
    EXPECT_EQ(info.help.find('|'), std::string::npos) << info.name;
  }
  EXPECT_EQ(reader_.families().size(), names.size());
}

TEST_F(MetricCatalogTest, RowsAreFrontendsBackendsAndServers) {
  EXPECT_EQ(reader_.value("sluice_frontend_http_requests_total", {{"proxy", "www"}}), "4");
  EXPECT_EQ(reader_.value("sluice_backend_active_servers", {{"proxy", "farm"}}), "4");
  EXPECT_EQ(reader_.value("sluice_server_bytes_in_total", {{"proxy", "farm"}, {"server", "b\""}}),
            "4");
  EXPECT_EQ(reader_.value("sluice_server_http_responses_total",
                          {{"proxy", "farm"}, {"server", "a"}, {"code", "5xx"}}),
            "4");
  EXPECT_EQ(reader_.value("sluice_server_connect_time_average_seconds",
                          {{"proxy", "farm"}, {"server", "a"}}),
            "0.012");
  EXPECT_EQ(
      reader_.value("sluice_server_last_session_seconds", {{"proxy", "farm"}, {"server", "b\""}}),
      "-1");
}

TEST_F(MetricCatalogTest, AStatusIsOneOfItsStates) {
  const auto state = [&](const std::string& server, const std::string& name) {
    return reader_.value("sluice_server_status",
                         {{"proxy", "farm"}, {"server", server}, {"state", name}});
  };
  EXPECT_EQ(state("a", "UP"), "1");
  EXPECT_EQ(state("a", "DOWN"), "0");
  EXPECT_EQ(state("b\"", "MAINT"), "1");
  EXPECT_EQ(state("b\"", "UP"), "0");
  EXPECT_EQ(reader_.value("sluice_frontend_status", {{"proxy", "www"}, {"state", "UP"}}), "1");
  EXPECT_EQ(reader_.count("sluice_server_check_status"), 1U);
}

TEST_F(MetricCatalogTest, WorkersAreToldApartWhereTheyAreToBeCompared) {
  EXPECT_EQ(reader_.value("sluice_worker_load_ratio", {{"worker", "1"}}), "0.5");
  EXPECT_EQ(reader_.value("sluice_worker_loops_total", {{"worker", "0"}}), "3");
  EXPECT_EQ(reader_.value("sluice_tcp_connections", {{"worker", "0"}}), "3");
  EXPECT_EQ(reader_.value("sluice_tls_handshakes_waiting", {{"worker", "1"}}), "3");
  EXPECT_EQ(reader_.value("sluice_tcp_segments_sent_total"), "6") << "the sum of two workers";
  EXPECT_EQ(reader_.value("sluice_http_refused_requests_total", {{"reason", "control_character"}}),
            "6");
}

TEST_F(MetricCatalogTest, ABackendThatMeasuredNothingHasNoHistogram) {
  EXPECT_EQ(reader_.value("sluice_backend_total_time_seconds_count", {{"proxy", "farm"}}), "1");
  EXPECT_EQ(reader_.count("sluice_backend_total_time_seconds_count"), 1U);
}

TEST_F(MetricCatalogTest, TellsWhenCertificatesEnd) {
  EXPECT_EQ(
      reader_.value("sluice_certificate_not_after_seconds", {{"certificate", "/etc/www.pem"}}),
      "1800000000");
}

TEST(MetricCatalog, ACounterThatTellsWhatIsThereNowIsAGauge) {
  for (const CounterEntry& entry : counter_catalog()) {
    if (entry.help.find(" now") != std::string::npos) EXPECT_TRUE(entry.current) << entry.name;
  }
}

TEST(MetricCatalog, AThousandServersFitIntoFiveMegabytes) {
  Report report = full_report();
  for (int i = 0; i < 1000; ++i) {
    StatRow row(RowKind::kServer, "farm", "server-" + std::to_string(i), 2, 3);
    fill(row, 123'456);
    row.set("status", "UP").set("check_status", "L7OK");
    report.rows.push_back(std::move(row));
  }
  EXPECT_LT(expose(report, kAllScopes, Format::kPrometheus).size(), 5'000'000U);
}

}  // namespace
}  // namespace sluice::control
