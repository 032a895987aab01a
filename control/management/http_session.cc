#include "control/management/http_session.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::control {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::size_t kMostFields = 100;

struct Status {
  unsigned code;
  std::string_view reason;
};

constexpr std::array kStatuses{
    Status{200, "OK"},
    Status{400, "Bad Request"},
    Status{404, "Not Found"},
    Status{405, "Method Not Allowed"},
    Status{413, "Content Too Large"},
    Status{431, "Request Header Fields Too Large"},
    Status{503, "Service Unavailable"},
};

std::string_view reason_of(unsigned status) {
  const auto* const known = std::ranges::find(kStatuses, status, &Status::code);
  return known == kStatuses.end() ? "Status" : known->reason;
}

bool is_name(std::string_view name, std::string_view lower) {
  return std::ranges::equal(name, lower, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

}  // namespace

Page plain_page(unsigned status, std::string line) {
  Page page;
  page.status = status;
  page.body = std::move(line) + "\n";
  return page;
}

void HttpSession::receive(std::string_view bytes) {
  input_.append(bytes);
  take_request();
}

void HttpSession::end_of_input() {
  input_ended_ = true;
}

void HttpSession::take_request() {
  const std::size_t end = input_.find(kHeadEnd);
  if (end == std::string::npos ? input_.size() > kLongestHead : end > kLongestHead) {
    return refuse(431, "the request is too long");
  }
  if (end == std::string::npos) return;
  const std::size_t size = end + kHeadEnd.size();
  to_head_ = false;
  http::RequestHead head;
  const http::HeadError error =
      parser_.parse_request(std::string_view(input_).substr(0, size), kMostFields, head);
  if (error != http::HeadError::kNone) return refuse(400, std::string(to_string(error)));
  accept(head);
  input_.erase(0, size);
}

void HttpSession::accept(const http::RequestHead& head) {
  to_head_ = head.method == http::Method::kHead;
  if (!to_head_ && head.method != http::Method::kGet) {
    return refuse(405, "there is only something to read here: GET and HEAD");
  }
  // It would stand where the next request is looked for.
  if (head.framing.kind != http::BodyFraming::Kind::kNone) {
    return refuse(413, "a request needs no body here");
  }
  last_ = !head.keeps_alive();
  PageRequest request;
  request.target = std::string(head.target);
  for (const http::Field& field : head.fields) {
    if (!is_name(field.name, "accept")) continue;
    request.open_metrics = request.open_metrics ||
                           field.value.find("application/openmetrics-text") != field.value.npos;
  }
  request_ = std::move(request);
}

// What follows is not read: it may be anything.
void HttpSession::refuse(unsigned status, std::string line) {
  last_ = true;
  put(plain_page(status, std::move(line)));
}

void HttpSession::answer(Page page) {
  request_.reset();
  put(std::move(page));
}

void HttpSession::put(Page page) {
  head_ = "HTTP/1.1 " + std::to_string(page.status) + " ";
  head_.append(reason_of(page.status));
  head_ += "\r\nContent-Type: " + page.type;
  head_ += "\r\nContent-Length: " + std::to_string(page.body.size());
  head_ += "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff";
  if (page.status == 405) head_ += "\r\nAllow: GET, HEAD";
  if (page.html) {
    head_ += "\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'";
    head_ += "\r\nX-Frame-Options: DENY";
  }
  if (last_) head_ += "\r\nConnection: close";
  head_ += kHeadEnd;
  body_ = to_head_ ? std::string() : std::move(page.body);
  sent_ = 0;
}

std::string_view HttpSession::output() const {
  if (sent_ < head_.size()) return std::string_view(head_).substr(sent_);
  return std::string_view(body_).substr(sent_ - head_.size());
}

void HttpSession::sent(std::size_t size) {
  sent_ += size;
  if (sent_ < head_.size() + body_.size()) return;
  head_.clear();
  body_ = {};
  sent_ = 0;
  ending_ = last_;
  if (!ending_) take_request();
}

}  // namespace sluice::control
