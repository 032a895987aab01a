#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/head_parser.h"

namespace sluice::control {

/// What a client of the management address asks for.
struct PageRequest {
  std::string target;         ///< path and query, as they were sent
  bool open_metrics = false;  ///< it prefers OpenMetrics to Prometheus' older format
};

struct Page {
  unsigned status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
  bool html = false;  ///< it is looked at: with the fields that keep it harmless
};

/// A page that says no more than its status and a line.
Page plain_page(unsigned status, std::string line);

/// One client's connection to the management address as HTTP/1.1, apart from the socket: bytes in,
/// bytes out. It takes GET and HEAD without a body, one request at a time, and parses them as
/// strictly as the proxy does. What it holds is bounded: a head by kLongestHead, and no request is
/// read before the answer to the one before it was taken.
class HttpSession {
 public:
  static constexpr std::size_t kLongestHead = 8192;

  /// Bytes from the client. Call it only while wants_input().
  void receive(std::string_view bytes);
  void end_of_input();

  /// The request that waits for its page.
  [[nodiscard]] const std::optional<PageRequest>& request() const { return request_; }
  /// Answers it. There must be one.
  void answer(Page page);

  /// Bytes that wait for the client.
  [[nodiscard]] std::string_view output() const;
  /// The client took the first `size` bytes of output().
  void sent(std::size_t size);

  [[nodiscard]] bool wants_input() const {
    return !request_ && output().empty() && !ending_ && !input_ended_;
  }
  /// Nothing of a request is here, and nothing of an answer: the client may go on, or not.
  [[nodiscard]] bool idle() const { return wants_input() && input_.empty(); }
  /// Nothing more will come of it.
  [[nodiscard]] bool finished() const {
    return output().empty() && (ending_ || (input_ended_ && !request_));
  }

 private:
  void take_request();
  void accept(const http::RequestHead& head);
  void refuse(unsigned status, std::string line);
  void put(Page page);

  http::HeadParser parser_;
  std::string input_;
  std::optional<PageRequest> request_;
  bool to_head_ = false;  // request_ is a HEAD
  bool last_ = false;     // and the client wants nothing behind it
  std::string head_;      // of the answer
  std::string body_;
  std::size_t sent_ = 0;  // of both
  bool ending_ = false;
  bool input_ended_ = false;
};

}  // namespace sluice::control
