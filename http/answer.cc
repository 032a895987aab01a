#include "http/answer.h"

#include <utility>

#include "http/reason_phrase.h"

namespace sluice::http {
namespace {

std::string status_line(unsigned status) {
  return "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason_phrase(status)) + "\r\n";
}

bool has_body(unsigned status) {
  return status != 204 && status != 205 && status != 304;
}

}  // namespace

Answer Answer::fixed(unsigned status, std::string_view type, std::string body) {
  Answer answer;
  answer.status_ = status;
  answer.head_ = status_line(status);
  if (has_body(status)) {
    answer.head_ += "Content-Type: " + std::string(type) +
                    "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    answer.body_ = std::move(body);
  } else if (status == 205) {
    answer.head_ += "Content-Length: 0\r\n";  // RFC 9110 section 15.3.6
  }
  if (status >= 400) answer.head_ += "Cache-Control: no-store\r\n";
  return answer;
}

Answer Answer::redirect(TextTemplate location) {
  Answer answer;
  answer.needs_host_ = location.uses(Placeholder::kHost);
  answer.location_ = std::move(location);
  return answer;
}

unsigned Answer::status(const RequestHead& request) const {
  if (status_ != 0) return status_;
  return request.method == Method::kGet || request.method == Method::kHead ? 301 : 308;
}

ByteChain Answer::write(const RequestHead& request, bool close, PacketPool& pool) const {
  HeadWriter writer(pool);
  if (status_ != 0) {
    writer.text(head_);
  } else {
    const unsigned chosen = status(request);
    writer.text("HTTP/1.1 ").number(chosen).text(" ").text(reason_phrase(chosen));
    writer.text("\r\nLocation: ");
    location_.write(writer, {.host = request.host, .target = request.target});
    writer.text("\r\nContent-Length: 0\r\n");
  }
  if (close) writer.text("Connection: close\r\n");
  writer.text("\r\n");
  if (request.method != Method::kHead) writer.text(body_);
  return writer.take();
}

}  // namespace sluice::http
