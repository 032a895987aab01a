// What a head costs: parsing it, and parsing it and writing it as it goes on. The requests are
// those of a load tester, of a program that calls an API, and of a browser; the responses those of
// an origin that says little, and of one that says what most do.
#include <benchmark/benchmark.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/buffer/packet_pool.h"
#include "dataplane/testing/eal.h"
#include "http/forwarded_head.h"
#include "http/head_parser.h"
#include "http/router.h"

namespace sluice::micro {
namespace {

constexpr std::size_t kMostFields = 100;

constexpr std::array<std::string_view, 3> kRequests{
    "GET / HTTP/1.1\r\nHost: 198.18.0.1\r\n\r\n",

    "POST /v2/orders/4711/items HTTP/1.1\r\n"
    "Host: api.example.com\r\n"
    "User-Agent: python-requests/2.32.3\r\n"
    "Accept: application/json\r\n"
    "Authorization: Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiI0NzExIn0.MEUCIQDx7fQ\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: 312\r\n"
    "\r\n",

    "GET /products/4711/pictures/large.jpg?size=1200 HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
    "Accept: image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5\r\n"
    "Accept-Language: de,en-US;q=0.7,en;q=0.3\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Connection: keep-alive\r\n"
    "Referer: https://www.example.com/products/4711\r\n"
    "Cookie: session=0d2f9c1b7a5e4c3d8f6e5a4b3c2d1e0f; consent=all; theme=dark; visits=17\r\n"
    "Sec-Fetch-Dest: image\r\n"
    "Sec-Fetch-Mode: no-cors\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "If-Modified-Since: Sat, 21 Nov 2026 08:12:31 GMT\r\n"
    "\r\n"};

constexpr std::array<std::string_view, 2> kResponses{
    "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",

    "HTTP/1.1 200 OK\r\n"
    "Server: nginx/1.22.1\r\n"
    "Date: Tue, 24 Nov 2026 08:12:31 GMT\r\n"
    "Content-Type: image/jpeg\r\n"
    "Content-Length: 48213\r\n"
    "Last-Modified: Sat, 21 Nov 2026 08:12:31 GMT\r\n"
    "Connection: keep-alive\r\n"
    "ETag: \"6561f0a3-bc55\"\r\n"
    "Cache-Control: public, max-age=86400\r\n"
    "Accept-Ranges: bytes\r\n"
    "\r\n"};

void must(http::HeadError error) {
  if (error != http::HeadError::kNone) throw std::logic_error("a good head was refused");
}

http::RequestHead parsed(http::HeadParser& parser, std::string_view head) {
  http::RequestHead request;
  must(parser.parse_request(head, kMostFields, request));
  return request;
}

void parse_request(benchmark::State& state) {
  const std::string_view head = kRequests.at(static_cast<std::size_t>(state.range(0)));
  http::HeadParser parser;
  for (auto _ : state) benchmark::DoNotOptimize(parsed(parser, head).framing);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(head.size()));
}

void forward_request(benchmark::State& state) {
  const std::string_view head = kRequests.at(static_cast<std::size_t>(state.range(0)));
  testing::start_eal();
  PacketPool pool("bench", 64);
  http::HeadParser parser;
  const http::RequestHop hop{.via_name = "sluice",
                             .forwarded = true,
                             .client = wire::IpAddress::v4(198, 18, 0, 77),
                             .secure = true};
  for (auto _ : state) {
    benchmark::DoNotOptimize(http::write_request_head(parsed(parser, head), hop, pool).size());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(head.size()));
}

void forward_response(benchmark::State& state) {
  const std::string_view head = kResponses.at(static_cast<std::size_t>(state.range(0)));
  testing::start_eal();
  PacketPool pool("bench", 64);
  http::HeadParser parser;
  const http::ResponseHop hop{.via_name = "sluice"};
  for (auto _ : state) {
    http::ResponseHead response;
    must(parser.parse_response(head, kMostFields, false, response));
    benchmark::DoNotOptimize(http::write_response_head(response, hop, pool).size());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(head.size()));
}

/// Among so many hosts, each with three paths.
void find_route(benchmark::State& state) {
  std::vector<http::Route> routes;
  std::vector<std::string> hosts;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    hosts.push_back("site" + std::to_string(i) + ".example.com");
    for (const char* path : {"", "/static", "/v2/orders"}) {
      routes.push_back({hosts.back(), path, http::BackendId(0)});
    }
  }
  const http::Router router(routes, {});
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(&router.find(hosts[next], "/v2/orders/4711/items"));
    // Odd, so that all have their turn, and not in the order in which they were made.
    next = (next + 6151) % hosts.size();
  }
}

BENCHMARK(parse_request)->DenseRange(0, kRequests.size() - 1);
BENCHMARK(forward_request)->DenseRange(0, kRequests.size() - 1);
BENCHMARK(forward_response)->DenseRange(0, kResponses.size() - 1);
BENCHMARK(find_route)->Arg(1)->Arg(100)->Arg(10'000);

}  // namespace
}  // namespace sluice::micro

BENCHMARK_MAIN();
