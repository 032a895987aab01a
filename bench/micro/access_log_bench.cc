// What a line of the access log costs: the worker that puts it into its ring, and the thread that
// writes it out as text.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "control/access_log/haproxy_lines.h"
#include "control/access_log/json_lines.h"
#include "http/access_log/access_ring.h"

namespace sluice::micro {
namespace {

using http::AccessEntry;
using http::AccessText;

AccessEntry some_entry() {
  AccessEntry entry;
  entry.record.client = {wire::IpAddress::v4(198, 18, 0, 77), 50000};
  entry.record.status = 200;
  entry.record.head = entry.record.total = std::chrono::milliseconds(3);
  entry.text(AccessText::kMethod) = "GET";
  entry.text(AccessText::kTarget) = "/products/4711/pictures/large.jpg?size=1200";
  entry.text(AccessText::kHost) = "www.example.com";
  entry.text(AccessText::kTlsVersion) = "TLSv1.3";
  entry.text(AccessText::kCipher) = "TLS_AES_128_GCM_SHA256";
  entry.text(AccessText::kServerName) = "www.example.com";
  entry.capture(0) = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
  return entry;
}

// As the worker does it, into a ring that another thread would empty meanwhile.
void put(benchmark::State& state) {
  http::AccessRing ring(std::size_t{1} << 20);
  const AccessEntry entry = some_entry();
  std::size_t held = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(ring.put(entry));
    if (++held == 1000) {
      state.PauseTiming();
      ring.take([](const AccessEntry& /*entry*/) {});
      held = 0;
      state.ResumeTiming();
    }
  }
}

void put_into_a_full_ring(benchmark::State& state) {
  http::AccessRing ring(http::AccessRing::kSmallest);
  const AccessEntry entry = some_entry();
  while (ring.put(entry)) {
  }
  for (auto _ : state) benchmark::DoNotOptimize(ring.put(entry));
}

control::AccessLine some_line(const AccessEntry& entry, const std::vector<std::string>& captures) {
  return {.entry = entry,
          .accepted = {},
          .began = {},
          .frontend = "www",
          .backend = "farm",
          .server = "web1",
          .captures = captures};
}

void write_haproxy_line(benchmark::State& state) {
  const AccessEntry entry = some_entry();
  const std::vector<std::string> captures{"User-Agent"};
  control::HaproxyLines lines;
  std::string text;
  for (auto _ : state) {
    text.clear();
    lines.append(some_line(entry, captures), text);
    benchmark::DoNotOptimize(text.data());
  }
}

void write_json_line(benchmark::State& state) {
  const AccessEntry entry = some_entry();
  const std::vector<std::string> captures{"User-Agent"};
  std::string text;
  for (auto _ : state) {
    text.clear();
    control::append_json_line(some_line(entry, captures), text);
    benchmark::DoNotOptimize(text.data());
  }
}

BENCHMARK(put);
BENCHMARK(put_into_a_full_ring);
BENCHMARK(write_haproxy_line);
BENCHMARK(write_json_line);

}  // namespace
}  // namespace sluice::micro

BENCHMARK_MAIN();
