#include "http/refused_heads.h"

#include <algorithm>

namespace sluice::http {
namespace {

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f;
}

// The first CR or LF that is not one of a pair.
std::size_t bare_line_end(std::string_view head) {
  for (std::size_t i = 0; i < head.size(); ++i) {
    const bool paired = head[i] == '\r' && i + 1 < head.size() && head[i + 1] == '\n';
    if (paired) {
      ++i;
    } else if (head[i] == '\r' || head[i] == '\n') {
      return i;
    }
  }
  return head.size();
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool begins_with(std::string_view line, std::string_view name) {
  return line.size() > name.size() && line[name.size()] == ':' &&
         std::equal(name.begin(), name.end(), line.begin(),
                    [](char a, char b) { return a == lower(b); });
}

// Where the first line that `wanted` is true of begins; the end when there is none.
template <typename Wanted>
std::size_t find_line(std::string_view head, Wanted&& wanted) {
  for (std::size_t begin = std::min(head.find('\n'), head.size() - 1) + 1; begin < head.size();) {
    const std::size_t end = std::min(head.find('\n', begin), head.size());
    const std::string_view line = head.substr(begin, end - begin);
    if (line != "\r" && wanted(line)) return begin;
    begin = end + 1;
  }
  return head.size();
}

// The last of them: it is the one too many.
std::size_t last_field(std::string_view head, std::string_view name) {
  std::size_t last = head.size();
  static_cast<void>(find_line(head, [&](std::string_view line) {
    if (begins_with(line, name)) last = static_cast<std::size_t>(line.data() - head.data());
    return false;
  }));
  return last;
}

std::size_t bad_field(std::string_view head) {
  return find_line(head, [](std::string_view line) {
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    return colon == std::string_view::npos || name.empty() ||
           name.find_first_of(" \t\"(),/;<=>?@[\\]{}") != std::string_view::npos;
  });
}

// Where a word of the first line begins: the method is the first.
std::size_t word(std::string_view head, int number) {
  std::size_t at = 0;
  for (int i = 1; i < number; ++i) {
    const std::size_t blank = head.find(' ', at);
    if (blank == std::string_view::npos || blank > head.find('\n')) return at;
    at = blank + 1;
  }
  return at;
}

}  // namespace

std::size_t fault_position(HeadError error, std::string_view head) {
  if (head.empty()) return 0;
  switch (error) {
    case HeadError::kBadOctet:
      return static_cast<std::size_t>(std::ranges::find_if(head, is_control) - head.begin());
    case HeadError::kBareLineEnd:
      return bare_line_end(head);
    case HeadError::kFolded:
      return find_line(head,
                       [](std::string_view line) { return line[0] == ' ' || line[0] == '\t'; });
    case HeadError::kBadTarget:
    case HeadError::kTargetTooLong:
      return word(head, 2);
    case HeadError::kBadVersion:
    case HeadError::kUnsupportedVersion:
      return word(head, 3);
    case HeadError::kBadField:
      return bad_field(head);
    case HeadError::kBadHost:
      return last_field(head, "host");
    case HeadError::kBadConnection:
      return last_field(head, "connection");
    case HeadError::kBadContentLength:
    case HeadError::kBothLengths:
      return last_field(head, "content-length");
    case HeadError::kBadTransferEncoding:
      return last_field(head, "transfer-encoding");
    case HeadError::kTooManyFields:
    case HeadError::kHeadTooLong:
      return head.size();
    case HeadError::kNone:
    case HeadError::kBadStartLine:
    case HeadError::kUnknownMethod:
      break;
  }
  return 0;
}

}  // namespace sluice::http
