#include <cstddef>
#include <cstdint>
#include <string>

#include "dataplane/testing/fuzz_input.h"
#include "http/chunked_decoder.h"
#include "http/chunked_encoder.h"

// The chunked coding: whole and in pieces must give the same data, the same end and the same rest;
// what was decoded must survive being encoded again.

namespace {

using sluice::ByteChain;
using sluice::http::append_chunk;
using sluice::http::append_last_chunk;
using sluice::http::ChunkedDecoder;
using sluice::testing::fuzz_pool;
using sluice::testing::require;

struct Result {
  ChunkedDecoder::Status status = ChunkedDecoder::Status::kMore;
  std::string data;
  std::size_t taken = 0;
};

std::string text_of(const ByteChain& chain) {
  std::string text(chain.size(), '\0');
  chain.copy_out(0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return text;
}

Result decode(std::string_view text, std::size_t piece) {
  ChunkedDecoder decoder;
  ByteChain input;
  ByteChain output;
  Result result;
  while (!text.empty() && result.status == ChunkedDecoder::Status::kMore) {
    const std::string_view part = text.substr(0, piece);
    text.remove_prefix(part.size());
    require(input.append_copy({reinterpret_cast<const std::uint8_t*>(part.data()), part.size()},
                              fuzz_pool()));
    result.taken += input.size();
    result.status = decoder.decode(input, output, fuzz_pool());
    result.taken -= input.size();
  }
  result.data = text_of(output);
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sluice::testing::FuzzInput input(data, size);
  const std::size_t piece = 1 + input.byte();
  const std::string_view bytes = input.text(65536);
  const Result whole = decode(bytes, bytes.size() + 1);
  const Result pieces = decode(bytes, piece);
  require(whole.status == pieces.status && whole.data == pieces.data);
  if (whole.status != ChunkedDecoder::Status::kBad) require(whole.taken == pieces.taken);
  if (whole.status != ChunkedDecoder::Status::kDone) return 0;

  ByteChain plain;
  ByteChain encoded;
  require(plain.append_copy(
      {reinterpret_cast<const std::uint8_t*>(whole.data.data()), whole.data.size()}, fuzz_pool()));
  require(append_chunk(encoded, std::move(plain), fuzz_pool()));
  require(append_last_chunk(encoded, fuzz_pool()));
  const Result again = decode(text_of(encoded), piece);
  require(again.status == ChunkedDecoder::Status::kDone && again.data == whole.data);
  return 0;
}
