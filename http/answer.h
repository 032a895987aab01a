#pragma once

#include <string>
#include <string_view>

#include "dataplane/buffer/byte_chain.h"
#include "http/request_head.h"
#include "http/text_template.h"

namespace sluice::http {

/// What a frontend answers to some requests by itself, as configured: always the same response, or
/// a redirection. Made once; immutable from then on.
class Answer {
 public:
  /// `status` from 200 to 599. There is no body, whatever is given, with 204, 205 and 304. Errors
  /// are marked as not to be stored by caches.
  static Answer fixed(unsigned status, std::string_view type, std::string body);
  /// To `location`, which has no placeholders but {host} and {path}: 301 for GET and HEAD, else
  /// 308, with which the client repeats method and body (RFC 9110 sections 15.4.2 and 15.4.9).
  static Answer redirect(TextTemplate location);

  /// Whether the request has all that the answer is made of: an HTTP/1.0 request need not name a
  /// host to redirect to.
  [[nodiscard]] bool suits(const RequestHead& request) const {
    return !needs_host_ || !request.host.empty();
  }
  [[nodiscard]] unsigned status(const RequestHead& request) const;
  /// The response to a request that it suits, complete, without a body to HEAD; `close` adds
  /// Connection: close. Empty when buffers ran out.
  [[nodiscard]] ByteChain write(const RequestHead& request, bool close, PacketPool& pool) const;

 private:
  Answer() = default;

  unsigned status_ = 0;  // 0: a redirection
  std::string head_;     // from the status line on, without the empty line
  std::string body_;
  TextTemplate location_;
  bool needs_host_ = false;
};

}  // namespace sluice::http
