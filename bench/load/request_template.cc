#include "bench/load/request_template.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace sluice::load {
namespace {

bool one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// The request line and the fields, without Content-Length and the empty line.
std::string head_of(const Url& url, const RequestParts& parts) {
  if (!is_token(parts.method)) {
    throw std::invalid_argument("--method " + parts.method + ": not a method");
  }
  bool has_host = false;
  std::string fields;
  for (const std::string& header : parts.headers) {
    const std::size_t colon = header.find(':');
    if (colon == std::string::npos || !is_token(header.substr(0, colon)) || !one_line(header)) {
      throw std::invalid_argument("--header '" + header + "': expected 'Name: value'");
    }
    has_host = has_host || lower_case(header.substr(0, colon)) == "host";
    fields += header + "\r\n";
  }
  std::string head = parts.method + " " + url.target + " HTTP/1.1\r\n";
  if (!has_host) head += "Host: " + url.authority() + "\r\n";
  head += fields;
  if (parts.close) head += "Connection: close\r\n";
  return head;
}

void append_length_and_body(std::string& message, std::string_view body) {
  message += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  message += body;
}

}  // namespace

RequestTemplate::RequestTemplate(const Url& url, const RequestParts& parts)
    : head_(head_of(url, parts), "the request"),
      body_(parts.body_has_placeholders ? TextTemplate(parts.body, "--body")
                                        : TextTemplate::literal(parts.body)),
      has_body_(!parts.body.empty()) {
  if (!head_.fixed() || !body_.fixed()) return;
  whole_ = head_.text();
  has_body_ ? append_length_and_body(whole_, body_.text()) : void(whole_ += "\r\n");
}

std::string_view RequestTemplate::message(const TemplateValues& values,
                                          RequestScratch& scratch) const {
  if (!whole_.empty()) return whole_;
  scratch.text.clear();
  head_.append_to(scratch.text, values);
  if (!has_body_) return scratch.text += "\r\n";
  scratch.body.clear();
  body_.append_to(scratch.body, values);
  append_length_and_body(scratch.text, scratch.body);
  return scratch.text;
}

}  // namespace sluice::load
