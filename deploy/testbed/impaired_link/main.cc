#include <sys/signalfd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "deploy/testbed/impaired_link/forwarder.h"
#include "deploy/testbed/impaired_link/impairments.h"

namespace sluice::testbed {
namespace {

struct Options {
  std::string left;
  std::string right;
  std::string to_right;
  std::string to_left;
  std::string statistics;
  std::uint64_t seed = 1;
};

/// SIGTERM and SIGINT as something to read, from now on.
int end_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const int descriptor = ::signalfd(-1, &signals, SFD_CLOEXEC);
  if (descriptor < 0) throw std::runtime_error("signalfd failed");
  return descriptor;
}

nlohmann::ordered_json to_json(Forwarder::Way& way, const EthernetEnd& out) {
  const DirectionCounters& counters = way.direction.counters();
  return {{"taken", counters.taken},
          {"forwarded", counters.forwarded},
          {"forwarded_bytes", counters.forwarded_bytes},
          {"lost", counters.lost},
          {"lost_in_bursts", counters.lost_in_bursts},
          {"duplicated", counters.duplicated},
          {"corrupted", counters.corrupted},
          {"marked", counters.marked},
          {"reordered", counters.reordered},
          {"queue_dropped", counters.queue_dropped},
          {"too_big", counters.too_big},
          {"too_big_answered", counters.too_big_answered},
          {"over_long", way.from.over_long()},
          {"missed", way.from.missed()},
          {"unsent", out.unsent()}};
}

void write_statistics(const Options& options, Forwarder& forwarder) {
  nlohmann::ordered_json json = {
      {"seed", options.seed},
      {"to_right", to_json(forwarder.to_right(), forwarder.to_left().from)},
      {"to_left", to_json(forwarder.to_left(), forwarder.to_right().from)}};
  if (options.statistics.empty()) {
    std::cout << json.dump(2) << '\n';
    return;
  }
  std::ofstream file(options.statistics);
  file << json.dump(2) << '\n';
  if (!file.flush()) throw std::runtime_error(options.statistics + ": cannot be written");
}

void run(const Options& options) {
  const int stop = end_signals();
  Forwarder forwarder(options.left, options.right, parse_impairments(options.to_right),
                      parse_impairments(options.to_left), options.seed);
  std::cout << "seed " << options.seed << "\nto right: " << options.to_right
            << "\nto left: " << options.to_left << "\njoined" << std::endl;
  forwarder.run(stop);
  write_statistics(options, forwarder);
}

}  // namespace
}  // namespace sluice::testbed

int main(int argc, char** argv) {
  sluice::testbed::Options options;
  CLI::App app(
      "Joins two interfaces of this network namespace by a link that loses, delays, reorders,\n"
      "repeats and corrupts frames as it is told, by chances that follow from a seed. At SIGTERM\n"
      "or SIGINT it writes what it has done as JSON and ends.");
  app.add_option("LEFT", options.left, "Interface")->required();
  app.add_option("RIGHT", options.right, "Interface")->required();
  app.add_option("--to-right", options.to_right,
                 "What befalls frames from LEFT to RIGHT: loss=0.01,delay=20ms,...");
  app.add_option("--to-left", options.to_left, "The same for the other direction");
  app.add_option("--seed", options.seed, "Of all chances (default 1)");
  app.add_option("--statistics", options.statistics,
                 "FILE for the JSON (default: standard output)");
  CLI11_PARSE(app, argc, argv);
  try {
    sluice::testbed::run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "impaired-link: %s\n", error.what());
    return 1;
  }
}
