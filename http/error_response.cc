#include "http/error_response.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "http/head_writer.h"
#include "http/reason_phrase.h"

namespace sluice::http {
namespace {

struct Text {
  unsigned status;
  std::string_view body;
};

constexpr std::array kTexts{
    Text{400, "The request could not be understood.\n"},
    Text{403, "The request is not allowed.\n"},
    Text{404, "Nothing is served under this address.\n"},
    Text{405, "This method is not served.\n"},
    Text{408, "The request did not arrive in time.\n"},
    Text{413, "The request's content is too large.\n"},
    Text{414, "The request's target is too long.\n"},
    Text{431, "The request's fields are too large.\n"},
    Text{500, "The request could not be served.\n"},
    Text{501, "This method is not known.\n"},
    Text{502, "The server behind sent no valid response.\n"},
    Text{503, "No server is available for this request.\n"},
    Text{504, "The server behind did not respond in time.\n"},
    Text{505, "Only HTTP/1.0 and HTTP/1.1 are served.\n"},
};

const Text& text_of(unsigned status) {
  const auto* found = std::find_if(kTexts.begin(), kTexts.end(),
                                   [&](const Text& text) { return text.status == status; });
  return found != kTexts.end() ? *found : text_of(500);
}

}  // namespace

ByteChain write_error_response(unsigned status, bool close, bool without_body, PacketPool& pool) {
  const Text& text = text_of(status);
  HeadWriter writer(pool);
  writer.text("HTTP/1.1 ").number(text.status).text(" ").text(reason_phrase(text.status));
  writer.text("\r\nContent-Type: text/plain\r\n");
  writer.text("Content-Length: ").number(text.body.size()).text("\r\nCache-Control: no-store\r\n");
  if (status == 405) writer.text("Allow: GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH\r\n");
  if (close) writer.text("Connection: close\r\n");
  writer.text("\r\n");
  if (!without_body) writer.text(text.body);
  return writer.take();
}

}  // namespace sluice::http
