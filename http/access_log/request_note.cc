#include "http/access_log/request_note.h"

#include "http/characters.h"

namespace sluice::http {

void RequestNote::take(const RequestHead& request, std::span<const std::string> captures,
                       Instant now) {
  head_read = now;
  method = request.method_name;
  target = request.target;
  host = request.authority;
  version = request.version;
  for (std::size_t i = 0; i < captures.size(); ++i) {
    for (const Field& field : request.fields) {
      if (!equals_ignoring_case(field.name, captures[i])) continue;
      captured[i] = field.value;
      break;
    }
  }
}

void RequestNote::move(std::string_view from, std::string_view to) {
  const auto rebase = [&](std::string_view& text) {
    if (!text.empty())
      text = to.substr(static_cast<std::size_t>(text.data() - from.data()), text.size());
  };
  rebase(method);
  rebase(target);
  rebase(host);
  for (std::string_view& text : captured) rebase(text);
}

void RequestNote::fill(AccessEntry& entry, Instant began) const {
  AccessRecord& record = entry.record;
  if (head_read != kNever) record.head = head_read - began;
  record.bytes_in = bytes_in;
  record.bytes_out = bytes_out;
  record.status = status;
  record.version = version;
  if (record.cause.by == EndedBy::kNobody) record.cause = cause;
  entry.text(AccessText::kMethod) = method;
  entry.text(AccessText::kTarget) = target;
  entry.text(AccessText::kHost) = host;
  for (std::size_t i = 0; i < kMostCaptures; ++i) entry.capture(i) = captured[i];
}

}  // namespace sluice::http
