#include "http/head_parser.h"

#include <llhttp.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "http/authority.h"
#include "http/characters.h"
#include "http/head_syntax.h"
#include "http/request_target.h"
#include "http/upgrade.h"

namespace sluice::http {
namespace {

// What llhttp tells of one head.
struct Collector {
  std::vector<Field>& fields;
  std::size_t max_fields;
  std::string_view method{};
  std::string_view target{};
  bool too_many_fields = false;
  bool in_value = false;  // the last span belonged to a value
  bool complete = false;
};

Collector& collector_of(llhttp_t* parser) {
  return *static_cast<Collector*>(parser->data);
}

int on_method(llhttp_t* parser, const char* at, std::size_t size) {
  collector_of(parser).method = {at, size};
  return HPE_OK;
}

int on_target(llhttp_t* parser, const char* at, std::size_t size) {
  collector_of(parser).target = {at, size};
  return HPE_OK;
}

int on_name(llhttp_t* parser, const char* at, std::size_t size) {
  Collector& collector = collector_of(parser);
  if (collector.fields.size() >= collector.max_fields) {
    collector.too_many_fields = true;
    return HPE_USER;
  }
  collector.fields.push_back({.name = {at, size}, .value = {}});
  return HPE_OK;
}

// A value in two pieces would be a folded one; the line walk refuses what this keeps of it.
int on_value(llhttp_t* parser, const char* at, std::size_t size) {
  Collector& collector = collector_of(parser);
  if (collector.fields.empty()) return HPE_USER;
  collector.fields.back().value = {at, size};
  return HPE_OK;
}

// Stops llhttp at the end of the head: bodies are read by body_decoder.h.
int on_complete(llhttp_t* parser) {
  collector_of(parser).complete = true;
  return HPE_PAUSED;
}

llhttp_settings_t make_settings() {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_method = on_method;
  settings.on_url = on_target;
  settings.on_header_field = on_name;
  settings.on_header_value = on_value;
  settings.on_headers_complete = on_complete;
  return settings;
}

llhttp_errno run_llhttp(llhttp_type_t type, std::string_view head, Collector& collector) {
  static const llhttp_settings_t settings = make_settings();
  llhttp_t parser;
  llhttp_init(&parser, type, &settings);
  parser.data = &collector;
  return llhttp_execute(&parser, head.data(), head.size());
}

// The comparison with a text of known length takes no call.
template <std::size_t N>
bool is_text(std::string_view text, const char (&wanted)[N]) {
  return text.size() == N - 1 && std::memcmp(text.data(), wanted, N - 1) == 0;
}

HeadError read_version(std::string_view text, Version& version) {
  if (is_text(text, "HTTP/1.1")) {
    version = Version::kHttp11;
    return HeadError::kNone;
  }
  if (is_text(text, "HTTP/1.0")) {
    version = Version::kHttp10;
    return HeadError::kNone;
  }
  const bool well_formed = text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) &&
                           text[6] == '.' && is_digit(text[7]);
  return well_formed ? HeadError::kUnsupportedVersion : HeadError::kBadVersion;
}

Method method_of(std::string_view name) {
  switch (name.size()) {
    case 3:
      if (name == "GET") return Method::kGet;
      return name == "PUT" ? Method::kPut : Method::kOther;
    case 4:
      if (name == "POST") return Method::kPost;
      return name == "HEAD" ? Method::kHead : Method::kOther;
    case 5:
      return name == "TRACE" ? Method::kTrace : Method::kOther;
    case 6:
      return name == "DELETE" ? Method::kDelete : Method::kOther;
    case 7:
      if (name == "OPTIONS") return Method::kOptions;
      return name == "CONNECT" ? Method::kConnect : Method::kOther;
    default:
      return Method::kOther;
  }
}

// The start line's three parts, found again without llhttp.
struct StartLine {
  std::string_view line;  // with its CRLF
  std::string_view first;
  std::string_view second;
  std::string_view third;
};

bool split_start_line(std::string_view head, StartLine& start) {
  const std::size_t end = head.find('\r');
  start.line = head.substr(0, end + 2);
  const std::string_view text = head.substr(0, end);
  const std::size_t one = text.find(' ');
  if (one == std::string_view::npos) return false;
  const std::size_t two = text.find(' ', one + 1);
  if (two == std::string_view::npos) return false;
  start.first = text.substr(0, one);
  start.second = text.substr(one + 1, two - one - 1);
  start.third = text.substr(two + 1);
  return true;
}

// Why llhttp, or the comparison with it, refuses a start line.
HeadError fault_of_request_line(const StartLine& start) {
  Version version;
  if (!is_token(start.first) || start.second.empty()) return HeadError::kBadStartLine;
  const HeadError bad_version = read_version(start.third, version);
  if (bad_version != HeadError::kNone) return bad_version;
  return is_target_text(start.second) ? HeadError::kUnknownMethod : HeadError::kBadTarget;
}

// Whether both are the very same octets of a head.
bool is_same(std::string_view a, std::string_view b) {
  return a.data() == b.data() && a.size() == b.size();
}

struct Summary {
  FramingFields framing;
  ConnectionOptions* connection;
  std::string_view host;
  std::uint32_t hosts = 0;
  std::string_view upgrade;
  std::uint32_t upgrades = 0;
  bool expects_continue = false;

  /// What Upgrade says, where it counts (RFC 9110 section 7.8).
  [[nodiscard]] std::string_view upgrade_in(Version version) const {
    const bool counts =
        version == Version::kHttp11 && upgrades == 1 && connection->nominates("upgrade");
    return counts ? upgrade : std::string_view();
  }
};

// One pass over the fields: compares llhttp's reading with the lines, and notes what matters.
HeadError summarise(std::string_view lines, std::vector<Field>& fields, Summary& summary) {
  LineWalk walk(lines);
  for (Field& field : fields) {
    if (!walk.next(field.name, field.value)) return HeadError::kBadField;
    field.kind = kind_of(field.name);
    switch (field.kind) {
      case FieldKind::kHost:
        summary.host = field.value;
        ++summary.hosts;
        break;
      case FieldKind::kContentLength:
        summary.framing.content_length = field.value;
        ++summary.framing.content_lengths;
        break;
      case FieldKind::kTransferEncoding:
        summary.framing.transfer_encoding = field.value;
        ++summary.framing.transfer_encodings;
        break;
      case FieldKind::kConnection:
        if (!summary.connection->add(field.value)) return HeadError::kBadConnection;
        break;
      case FieldKind::kUpgrade:
        summary.upgrade = field.value;
        ++summary.upgrades;
        break;
      case FieldKind::kExpect:
        summary.expects_continue |= equals_ignoring_case(field.value, "100-continue");
        break;
      default:
        break;
    }
  }
  return walk.at_end() ? HeadError::kNone : HeadError::kBadField;
}

// RFC 9112 section 3.2: exactly one valid Host in HTTP/1.1, at most one in HTTP/1.0; a target in
// absolute form overrides it.
HeadError settle_host(const Summary& summary, RequestHead& request) {
  if (summary.hosts > 1) return HeadError::kBadHost;
  if (summary.hosts == 0 && request.version == Version::kHttp11) return HeadError::kBadHost;
  std::optional<Authority> host;
  if (summary.hosts == 1) {
    host = parse_authority(summary.host);
    if (!host) return HeadError::kBadHost;
  }
  if (request.authority.empty()) {
    request.authority = summary.host;
  } else {
    host = parse_authority(request.authority);
  }
  request.host = host ? host->host : std::string_view();
  return HeadError::kNone;
}

// What went wrong when llhttp did not come to the end of a head whose octets are in order.
HeadError fault_of_fields(const Collector& collector, llhttp_errno error) {
  if (collector.too_many_fields) return HeadError::kTooManyFields;
  switch (error) {
    case HPE_UNEXPECTED_CONTENT_LENGTH:
    case HPE_INVALID_CONTENT_LENGTH:
      return HeadError::kBadContentLength;
    case HPE_INVALID_TRANSFER_ENCODING:
      return HeadError::kBadTransferEncoding;
    default:
      return HeadError::kBadField;
  }
}

bool is_start_line_error(llhttp_errno error) {
  switch (error) {
    case HPE_INVALID_METHOD:
    case HPE_INVALID_URL:
    case HPE_INVALID_CONSTANT:
    case HPE_INVALID_VERSION:
    case HPE_INVALID_STATUS:
      return true;
    default:
      return false;
  }
}

}  // namespace

HeadError HeadParser::parse_request(std::string_view head, std::size_t max_fields,
                                    RequestHead& request) {
  if (head.empty()) return HeadError::kBadStartLine;
  HeadError error = check_octets(head);
  if (error != HeadError::kNone) return error;
  StartLine start;
  if (!split_start_line(head, start)) return HeadError::kBadStartLine;

  fields_.clear();
  Collector collector{.fields = fields_, .max_fields = max_fields};
  const llhttp_errno result = run_llhttp(HTTP_REQUEST, head, collector);
  error = read_version(start.third, request.version);
  if (error != HeadError::kNone) {
    return is_token(start.first) ? error : HeadError::kBadStartLine;
  }
  if (!collector.complete) {
    if (is_start_line_error(result) || collector.target.empty()) {
      return fault_of_request_line(start);
    }
    return fault_of_fields(collector, result);
  }
  if (!is_same(collector.method, start.first) || !is_same(collector.target, start.second)) {
    return HeadError::kBadStartLine;
  }

  request.method_name = start.first;
  request.method = method_of(start.first);
  request.connection.clear();
  Summary summary{.framing = {}, .connection = &request.connection, .host = {}, .upgrade = {}};
  error = summarise(head.substr(start.line.size()), fields_, summary);
  if (error == HeadError::kNone) error = parse_target(start.second, request);
  if (error == HeadError::kNone) error = settle_host(summary, request);
  if (error == HeadError::kNone) {
    error = request_framing(summary.framing, request.version, request.framing);
  }
  request.fields = fields_;
  request.expects_continue = summary.expects_continue && request.version == Version::kHttp11;
  const std::string_view upgrade = summary.upgrade_in(request.version);
  const bool bodiless = request.framing.kind == BodyFraming::Kind::kNone;
  request.upgrade = bodiless && may_ask_for(upgrade) ? upgrade : std::string_view();
  return error;
}

HeadError HeadParser::parse_response(std::string_view head, std::size_t max_fields, bool to_head,
                                     ResponseHead& response) {
  if (head.empty()) return HeadError::kBadStartLine;
  HeadError error = check_octets(head);
  if (error != HeadError::kNone) return error;
  // "HTTP/1.1 200" without the space that should follow is common and harmless.
  const std::string_view line = head.substr(0, head.find('\r'));
  if (line.size() < 12 || line[8] != ' ' || (line.size() > 12 && line[12] != ' ')) {
    return HeadError::kBadStartLine;
  }
  error = read_version(line.substr(0, 8), response.version);
  if (error != HeadError::kNone) return error;
  const std::string_view status = line.substr(9, 3);
  if (!std::all_of(status.begin(), status.end(), is_digit) || status[0] < '1' || status[0] > '5') {
    return HeadError::kBadStartLine;
  }
  response.status =
      static_cast<unsigned>((status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0'));
  response.reason = line.substr(std::min<std::size_t>(13, line.size()));

  fields_.clear();
  Collector collector{.fields = fields_, .max_fields = max_fields};
  const llhttp_errno result = run_llhttp(HTTP_RESPONSE, head, collector);
  if (!collector.complete) {
    return is_start_line_error(result) ? HeadError::kBadStartLine
                                       : fault_of_fields(collector, result);
  }
  response.connection.clear();
  Summary summary{.framing = {}, .connection = &response.connection, .host = {}, .upgrade = {}};
  error = summarise(head.substr(line.size() + 2), fields_, summary);
  if (error == HeadError::kNone) {
    error = response_framing(summary.framing, response.version, response.status, to_head,
                             response.framing);
  }
  response.fields = fields_;
  response.upgrade = summary.upgrade_in(response.version);
  return error;
}

}  // namespace sluice::http
