#include "bench/load/response_reader.h"

#include "http/response_head.h"

namespace sluice::load {
namespace {

constexpr std::size_t kLongestHead = 65536;
constexpr std::size_t kMostFields = 256;

}  // namespace

void ResponseReader::begin(bool to_head) {
  has_head_ = false;
  head_size_ = 0;
  to_head_ = to_head;
}

ResponseReader::Status ResponseReader::read(ByteChain& input, ByteChain& body, ReaderTools& tools) {
  while (!has_head_) {
    const Status status = read_head(input, tools);
    if (status != Status::kComplete) return status;
    if (parsed_.status >= 200) {
      has_head_ = true;
      body_ = http::BodyDecoder(parsed_.framing);
    }
  }
  switch (body_.decode(input, body, tools.pool)) {
    case http::BodyDecoder::Status::kDone:
      return Status::kComplete;
    case http::BodyDecoder::Status::kMore:
      return Status::kIncomplete;
    default:
      return Status::kBad;
  }
}

ResponseReader::Status ResponseReader::read_head(ByteChain& input, ReaderTools& tools) {
  if (!head_reader_.started()) {
    const bench::HeadMemory<ResponseFacts>& memory = tools.memory[to_head_ ? 1 : 0];
    const std::size_t size = memory.match(input.front());
    if (size > 0) {
      parsed_ = memory.facts();
      head_size_ += static_cast<std::uint32_t>(size);
      input.drop_front(size);
      return Status::kComplete;
    }
  }
  switch (head_reader_.read(input, kLongestHead, false)) {
    case http::HeadReader::Status::kIncomplete:
      return Status::kIncomplete;
    case http::HeadReader::Status::kComplete:
      break;
    default:
      return Status::kBad;
  }
  const std::string_view head = head_reader_.head(input);
  http::ResponseHead response;
  if (tools.parser.parse_response(head, kMostFields, to_head_, response) !=
      http::HeadError::kNone) {
    return Status::kBad;
  }
  parsed_ = {response.status, response.framing, response.keeps_alive()};
  head_size_ += static_cast<std::uint32_t>(head.size());
  if (!response.interim()) tools.memory[to_head_ ? 1 : 0].remember(head, parsed_);
  head_reader_.drop(input);
  return Status::kComplete;
}

}  // namespace sluice::load
