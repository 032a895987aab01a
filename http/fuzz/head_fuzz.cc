#include <cstddef>
#include <cstdint>
#include <string>

#include "dataplane/testing/eal.h"
#include "dataplane/testing/fuzz_input.h"
#include "http/forwarded_head.h"
#include "http/head_parser.h"
#include "http/head_reader.h"

// Request and response heads with their framing. What is accepted and passed on must be accepted
// again, with the same framing: otherwise we would send what we refuse ourselves.

namespace {

using sluice::ByteChain;
using sluice::http::BodyFraming;
using sluice::testing::fuzz_pool;
using sluice::testing::require;
using namespace sluice::http;  // NOLINT(google-build-using-namespace): a program of its own

constexpr std::size_t kLimit = 8192;
constexpr std::size_t kFields = 64;

std::string text_of(const ByteChain& chain) {
  std::string text(chain.size(), '\0');
  chain.copy_out(0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return text;
}

void check_request(std::string_view head) {
  HeadParser parser;
  RequestHead request;
  if (parser.parse_request(head, kFields, request) != HeadError::kNone) return;
  if (request.method == Method::kConnect) return;
  const BodyFraming framing = request.framing;
  const bool has_host = !request.authority.empty();
  const std::string forwarded =
      text_of(write_request_head(request, {.via_name = "f", .forwarded = true}, fuzz_pool()));
  RequestHead again;
  const HeadError error = parser.parse_request(forwarded, 2 * kFields, again);
  require(error == HeadError::kNone || !has_host);
  require(error != HeadError::kNone || again.framing == framing);
}

void check_response(std::string_view head, bool to_head) {
  HeadParser parser;
  ResponseHead response;
  if (parser.parse_response(head, kFields, to_head, response) != HeadError::kNone) return;
  const BodyFraming framing = response.framing;
  const bool chunked = framing.kind == BodyFraming::Kind::kChunked;
  const std::string forwarded =
      text_of(write_response_head(response, {.via_name = "f", .chunked = chunked}, fuzz_pool()));
  ResponseHead again;
  require(parser.parse_response(forwarded, 2 * kFields, to_head, again) == HeadError::kNone);
  require(again.framing.kind == framing.kind && again.framing.length == framing.length);
}

// Reads a head in pieces and whole: both must find the same.
void check_reader(std::string_view bytes, std::size_t piece) {
  ByteChain whole;
  const std::string_view start = bytes.substr(0, kLimit);
  require(whole.append_copy({reinterpret_cast<const std::uint8_t*>(start.data()), start.size()},
                            fuzz_pool()));
  HeadReader one;
  const HeadReader::Status status = one.read(whole, kLimit, true);
  const std::string found =
      status == HeadReader::Status::kComplete ? std::string(one.head(whole)) : "";
  HeadReader other;
  ByteChain input;
  HeadReader::Status last = HeadReader::Status::kIncomplete;
  for (std::string_view rest = start; !rest.empty() && last == HeadReader::Status::kIncomplete;) {
    const std::string_view part = rest.substr(0, piece);
    rest.remove_prefix(part.size());
    require(input.append_copy({reinterpret_cast<const std::uint8_t*>(part.data()), part.size()},
                              fuzz_pool()));
    last = other.read(input, kLimit, true);
  }
  require(last == status);
  if (status == HeadReader::Status::kComplete) require(other.head(input) == found);
  if (status == HeadReader::Status::kComplete) {
    check_request(found);
    check_response(found, (piece & 1) != 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sluice::testing::FuzzInput input(data, size);
  const std::size_t piece = 1 + input.byte();
  const std::string_view bytes = input.rest();
  check_reader(bytes, piece);
  if (!bytes.empty()) {
    check_request(bytes);
    check_response(bytes, (piece & 1) != 0);
  }
  return 0;
}
