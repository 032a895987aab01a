#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// The character classes of HTTP's grammar (RFC 9110 section 5.6, RFC 3986 appendix A) and what is
/// done with text made of them. Everything is ASCII; no locale is involved.
namespace sluice::http {

namespace detail {
constexpr std::uint8_t kToken = 1;
constexpr std::uint8_t kHostName = 2;
constexpr std::uint8_t kTarget = 4;

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (unsigned c = '0'; c <= '9'; ++c) classes[c] = kToken | kHostName;
  for (unsigned c = 'a'; c <= 'z'; ++c) classes[c] = kToken | kHostName;
  for (unsigned c = 'A'; c <= 'Z'; ++c) classes[c] = kToken | kHostName;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    classes[static_cast<unsigned char>(c)] |= kToken;
  for (const char c : std::string_view("-._~%"))
    classes[static_cast<unsigned char>(c)] |= kHostName;
  // Visible characters but '#': clients do send some that RFC 3986 wants percent-encoded.
  for (unsigned c = 0x21; c < 0x7f; ++c) {
    if (c != '#') classes[c] |= kTarget;
  }
  return classes;
}

inline constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

constexpr bool all_of_class(std::string_view text, std::uint8_t wanted) {
  std::uint8_t common = wanted;
  for (const char c : text) common &= kClasses[static_cast<unsigned char>(c)];
  return common == wanted;
}
}  // namespace detail

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

constexpr bool is_token_character(char c) {
  return (detail::kClasses[static_cast<unsigned char>(c)] & detail::kToken) != 0;
}

/// RFC 9110 section 5.6.2: field names, methods, connection options.
constexpr bool is_token(std::string_view text) {
  return !text.empty() && detail::all_of_class(text, detail::kToken);
}

/// What a host name in Host or a request target may consist of: the unreserved characters and '%'.
/// RFC 3986 would allow the sub-delimiters too, which no name in the DNS has.
constexpr bool is_host_name(std::string_view text) {
  return !text.empty() && detail::all_of_class(text, detail::kHostName);
}

/// What a request target may consist of: no space, control, '#' or byte above 0x7e.
constexpr bool is_target_text(std::string_view text) {
  return !text.empty() && detail::all_of_class(text, detail::kTarget);
}

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

/// Whether two texts differ at most in the case of ASCII letters.
constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

constexpr bool is_optional_whitespace(char c) {
  return c == ' ' || c == '\t';
}

/// Without the spaces and tabs at both ends (OWS, RFC 9110 section 5.6.3).
constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && is_optional_whitespace(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_optional_whitespace(text.back())) text.remove_suffix(1);
  return text;
}

/// Takes the next element off a comma-separated list (RFC 9110 section 5.6.1), trimmed; it may be
/// empty. Not for lists whose elements can hold quoted commas.
constexpr std::string_view take_list_element(std::string_view& list) {
  const std::size_t comma = list.find(',');
  const std::string_view element = trim(list.substr(0, comma));
  list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  return element;
}

}  // namespace sluice::http
