#include "bench/load/result_json.h"

#include <spdlog/fmt/fmt.h>

#include <chrono>
#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>

#include "bench/load/description.h"
#include "bench/load/percentiles.h"

namespace sluice::load {
namespace {

using Json = nlohmann::ordered_json;

// So many buckets a factor of two: finer ones would make bars too thin to see.
constexpr std::size_t kBarsPerOctave = 8;

double micros(Duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

// [percent, microseconds], closer together towards the tail, as far as there are values for it.
Json curve_json(const Distribution& values) {
  constexpr double kPointsPerDecade = 10;
  Json curve = Json::array();
  const auto count = static_cast<double>(values.count());
  for (int point = 0; std::pow(10, point / kPointsPerDecade) <= count; ++point) {
    const double percent = 100 * (1 - std::pow(10, -point / kPointsPerDecade));
    curve.push_back({percent, micros(values.percentile(percent))});
  }
  if (count > 0) curve.push_back({100, micros(values.largest())});
  return curve;
}

// [microseconds, values up to there and above the one before].
Json bars_json(const Distribution& values) {
  constexpr std::size_t kPartsOfOctave = std::size_t{1} << Histogram::kPartBits;
  constexpr std::size_t kBucketsOfBar = kPartsOfOctave / kBarsPerOctave;
  Json bars = Json::array();
  for (std::size_t first = 0; first < Histogram::kBuckets; first += kBucketsOfBar) {
    std::uint64_t count = 0;
    for (std::size_t i = first; i < first + kBucketsOfBar; ++i) count += values.count(i);
    if (count == 0) continue;
    bars.push_back({micros(Histogram::value_of(first + kBucketsOfBar - 1)), count});
  }
  return bars;
}

Json latency_json(const Distribution& values) {
  Json json;
  json["count"] = values.count();
  json["mean_us"] = micros(values.mean());
  for (const double percent : kPercentiles) {
    json[fmt::format("p{}_us", percent)] = micros(values.percentile(percent));
  }
  json["max_us"] = micros(values.largest());
  return json;
}

template <typename Make>
Json of_each_latency(const Results& results, Make make) {
  return {{"connect", make(results.connect)},
          {"handshake", make(results.handshake)},
          {"first_byte", make(results.first_byte)},
          {"total", make(results.total)}};
}

Json failures_json(const std::array<std::uint64_t, kFailures>& failures) {
  Json json = Json::object();
  for (std::size_t i = 0; i < kFailures; ++i) {
    if (failures[i] == 0) continue;
    json[std::string(name_of(static_cast<Failure>(i)))] = failures[i];
  }
  return json;
}

Json timeline_json(const Timeline& timeline) {
  Json json = Json::array();
  for (const Moment& moment : timeline.moments()) {
    json.push_back({{"end", moment.end},
                    {"length", moment.length},
                    {"due", moment.due},
                    {"done", moment.done},
                    {"body_bits", moment.body_bits},
                    {"failures", failures_json(moment.failures)},
                    {"in_flight", moment.in_flight},
                    {"open", moment.open},
                    {"retransmitted", moment.retransmissions},
                    {"drops", moment.drops},
                    {"tester_busy", moment.own_load},
                    {"p50_us", micros(moment.p50)},
                    {"p99_us", micros(moment.p99)},
                    {"p99.9_us", micros(moment.p999)},
                    {"max_us", micros(moment.largest)}});
  }
  return json;
}

Json settings_json(const Settings& settings) {
  Json json;
  for (const auto& [name, value] : describe(settings)) json[name] = value;
  return json;
}

Json tls_json(const Settings& settings, const Results& results) {
  Json json{{"handshakes", results.handshakes},
            {"resumed", results.handshakes_resumed},
            {"certificates", verification_text(settings.tls)},
            {"key_share_reuse", settings.tls.key_share_reuse},
            {"failures", Json::object()}};
  for (const auto& [failure, count] : results.tls_failures) {
    json["failures"][tls::to_string(failure)] = count;
  }
  return json;
}

Json statuses_json(const Results& results) {
  Json json = Json::object();
  for (const auto& [status, count] : results.statuses) json[std::to_string(status)] = count;
  return json;
}

std::string date_of(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return {text, size};
}

}  // namespace

std::string result_json(const Settings& settings, const Outcome& outcome,
                        const std::vector<std::string>& broken,
                        std::chrono::system_clock::time_point began) {
  const Results& results = outcome.results;
  Json json;
  json["settings"] = settings_json(settings);
  json["began"] = date_of(began);
  json["counted"] = noun_of(settings.mode);
  json["done"] = results.done(settings.mode);
  json["seconds"] = outcome.seconds;
  json["rate"] = outcome.rate(settings.mode);
  json["body_bits_per_second"] = outcome.body_bits();
  json["broken"] = broken;
  json["connections"] = {{"started", results.connections_started},
                         {"opened", results.connections_opened},
                         {"closed", results.connections_closed},
                         {"unfinished", outcome.unfinished},
                         {"time_wait", results.time_wait}};
  json["tls"] = tls_json(settings, results);
  json["requests"] = results.requests;
  json["responses"] = results.responses;
  json["body_bytes"] = results.body_bytes;
  json["statuses"] = statuses_json(results);
  json["failed"] = results.failed();
  json["failures"] = failures_json(results.failures);
  json["latency"] = of_each_latency(results, latency_json);
  json["segments"] = {{"sent", results.segments_sent},
                      {"received", results.segments_received},
                      {"retransmitted", results.retransmissions},
                      {"resets_sent", results.resets_sent},
                      {"resets_received", results.resets_received}};
  json["tester"] = {
      {"busy", results.own_load(outcome.settled)}, {"receive_drops", results.receive_drops},
      {"transmit_drops", results.transmit_drops},  {"late_starts", results.late_starts},
      {"missed_starts", results.missed_starts},    {"limits", outcome.own_limits()}};
  json["timeline"] = timeline_json(outcome.timeline);
  json["curves"] = of_each_latency(results, curve_json);
  json["bars"] = bars_json(results.total);
  return json.dump(1) + "\n";
}

std::string search_json(const Settings& settings, const std::vector<Trial>& trials, double best,
                        std::chrono::system_clock::time_point began) {
  Json json;
  json["settings"] = settings_json(settings);
  json["began"] = date_of(began);
  json["counted"] = noun_of(settings.mode);
  json["best_rate"] = best;
  json["trials"] = Json::array();
  for (const Trial& trial : trials) {
    json["trials"].push_back({{"offered", trial.offered},
                              {"done", trial.done},
                              {"failed", trial.results.failed()},
                              {"failures", failures_json(trial.results.failures)},
                              {"tester_busy", trial.results.own_load()},
                              {"latency", latency_json(trial.results.total)},
                              {"broken", trial.broken}});
  }
  return json.dump(1) + "\n";
}

}  // namespace sluice::load
