#include "bench/serve/response_writer.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "bench/common/weighted_turns.h"

namespace sluice::serve {
namespace {

// Below this, copying is cheaper than a reference of its own.
constexpr std::uint64_t kCopied = 512;

std::string_view reason_of(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 404:
      return "Not Found";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "";
  }
}

// Text put together in place; what does not fit is left out, and nothing here comes near that.
class Line {
 public:
  void add(std::string_view text) {
    const std::size_t size = std::min(text.size(), sizeof bytes_ - size_);
    std::copy_n(text.data(), size, bytes_ + size_);
    size_ += size;
  }
  void add(std::uint64_t number) {
    size_ = static_cast<std::size_t>(
        std::to_chars(bytes_ + size_, bytes_ + sizeof bytes_, number).ptr - bytes_);
  }
  [[nodiscard]] std::span<const std::uint8_t> bytes() const {
    return {reinterpret_cast<const std::uint8_t*>(bytes_), size_};
  }

 private:
  char bytes_[256];
  std::size_t size_ = 0;
};

}  // namespace

char ResponseWriter::pattern_at(std::uint64_t offset) {
  const std::uint64_t column = offset % 64;
  return column == 63 ? '\n' : static_cast<char>('0' + (offset / 64 % 16 + column) % 64);
}

ResponseWriter::ResponseWriter(const Settings& settings, PacketPool& pool)
    : settings_(settings), pool_(pool), pattern_(pool.allocate_large()) {
  if (!pattern_) pattern_ = pool.allocate();
  if (!pattern_) throw std::runtime_error("there is no packet buffer for the responses' body");
  const auto size = static_cast<std::uint16_t>(pattern_.tailroom() / kPatternSize * kPatternSize);
  std::uint8_t* bytes = pattern_.append(size);
  for (std::uint64_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::uint8_t>(pattern_at(i));
  }
  std::vector<std::uint32_t> weights;
  for (const StatusShare& share : settings.statuses) weights.push_back(share.weight);
  for (const std::uint32_t index : bench::weighted_turns(weights)) {
    turns_.push_back(settings.statuses[index].status);
  }
}

ResponseWriter::Response ResponseWriter::choose() {
  const unsigned status = turns_[next_turn_];
  if (++next_turn_ == turns_.size()) next_turn_ = 0;
  std::uint64_t size = settings_.smallest_body;
  if (settings_.largest_body > size) {
    // xorshift64 (Marsaglia, 2003): any even spread will do.
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    size += random_ % (settings_.largest_body - size + 1);
  }
  return {status, size};
}

bool ResponseWriter::head(const Response& response, Connection connection, ByteChain& out) {
  Line line;
  line.add("HTTP/1.1 ");
  line.add(std::uint64_t{response.status});
  line.add(" ");
  line.add(reason_of(response.status));
  line.add("\r\nServer: sluice\r\nContent-Type: text/plain\r\n");
  if (connection == Connection::kCloses) line.add("Connection: close\r\n");
  if (connection == Connection::kKeepsAliveV10) line.add("Connection: keep-alive\r\n");
  line.add("Content-Length: ");
  line.add(response.size);
  line.add("\r\n\r\n");
  return out.append_copy(line.bytes(), pool_);
}

std::uint64_t ResponseWriter::body(std::uint64_t offset, std::uint64_t most, ByteChain& out) {
  std::uint64_t done = 0;
  while (done < most) {
    const auto from = static_cast<std::uint16_t>((offset + done) % pattern_.size());
    const auto size =
        static_cast<std::uint16_t>(std::min<std::uint64_t>(pattern_.size() - from, most - done));
    if (size <= kCopied) {
      if (!out.append_copy(pattern_.front().subspan(from, size), pool_)) break;
    } else {
      Packet piece = pool_.share(*pattern_.get(), from, size);
      if (!piece) break;
      out.append(std::move(piece));
    }
    done += size;
  }
  return done;
}

}  // namespace sluice::serve
