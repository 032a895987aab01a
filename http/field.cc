#include "http/field.h"

#include <algorithm>

#include "http/characters.h"

namespace sluice::http {
namespace {

struct Known {
  std::string_view name;
  FieldKind kind;
};

// Names of equal length stand together: kind_of() compares only with those.
constexpr std::array kKnown{
    Known{"te", FieldKind::kHopByHop},
    Known{"host", FieldKind::kHost},
    Known{"proxy", FieldKind::kHopByHop},
    Known{"expect", FieldKind::kExpect},
    Known{"trailer", FieldKind::kHopByHop},
    Known{"upgrade", FieldKind::kUpgrade},
    Known{"connection", FieldKind::kConnection},
    Known{"keep-alive", FieldKind::kHopByHop},
    Known{"content-length", FieldKind::kContentLength},
    Known{"http2-settings", FieldKind::kHopByHop},
    Known{"x-forwarded-for", FieldKind::kForwardedFor},
    Known{"proxy-connection", FieldKind::kHopByHop},
    Known{"x-forwarded-host", FieldKind::kForwardedHost},
    Known{"transfer-encoding", FieldKind::kTransferEncoding},
    Known{"x-forwarded-proto", FieldKind::kForwardedProto},
    Known{"proxy-authenticate", FieldKind::kHopByHop},
    Known{"proxy-authorization", FieldKind::kHopByHop},
    Known{"proxy-authentication-info", FieldKind::kHopByHop},
};

constexpr std::size_t kLongest = kKnown.back().name.size();

// first[n] is where names of length n begin in kKnown.
constexpr auto make_first() {
  std::array<std::uint8_t, kLongest + 2> first{};
  for (std::size_t length = 0; length < first.size(); ++length) {
    std::uint8_t index = 0;
    while (index < kKnown.size() && kKnown[index].name.size() < length) ++index;
    first[length] = index;
  }
  return first;
}
constexpr auto kFirst = make_first();

constexpr std::string_view kCertificatePrefix = "x-ssl-client-";

bool tells_of_certificate(std::string_view name) {
  if (name.size() < kCertificatePrefix.size()) return false;
  for (std::size_t i = 0; i < kCertificatePrefix.size(); ++i) {
    const char c = name[i] == '_' ? '-' : to_lower(name[i]);
    if (c != kCertificatePrefix[i]) return false;
  }
  return true;
}

}  // namespace

FieldKind kind_of(std::string_view name) {
  if (tells_of_certificate(name)) return FieldKind::kClientCertificate;
  if (name.size() > kLongest) return FieldKind::kOther;
  const char initial = name.empty() ? '\0' : to_lower(name.front());
  for (std::size_t i = kFirst[name.size()]; i < kFirst[name.size() + 1]; ++i) {
    if (kKnown[i].name.front() == initial && equals_ignoring_case(name, kKnown[i].name)) {
      return kKnown[i].kind;
    }
  }
  return FieldKind::kOther;
}

bool ConnectionOptions::add(std::string_view value) {
  while (!value.empty()) {
    const std::string_view option = take_list_element(value);
    if (option.empty()) continue;
    if (!is_token(option)) return false;
    if (equals_ignoring_case(option, "close")) {
      close_ = true;
    } else if (equals_ignoring_case(option, "keep-alive")) {
      keep_alive_ = true;
    } else if (count_ < nominated_.size()) {
      nominated_[count_++] = {option.data(), option.size()};
    } else {
      return false;
    }
  }
  return true;
}

bool ConnectionOptions::nominates(std::string_view name) const {
  return std::any_of(nominated_.begin(), nominated_.begin() + static_cast<std::ptrdiff_t>(count_),
                     [&](const Name& option) {
                       return equals_ignoring_case({option.begin, option.size}, name);
                     });
}

}  // namespace sluice::http
