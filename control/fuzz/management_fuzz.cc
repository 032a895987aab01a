#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "control/management/http_session.h"

namespace {

using sluice::control::HttpSession;
using sluice::control::Page;

// Bytes that one read takes from the socket.
constexpr std::size_t kMostAtOnce = 4096;
constexpr std::size_t kMostHeld = HttpSession::kLongestHead + kMostAtOnce;

void check(bool holds) {
  if (!holds) std::abort();
}

// Answers what is asked, and takes some of what is to be sent.
void go_on(HttpSession& session, std::size_t taken) {
  if (session.request()) {
    check(session.request()->target.size() <= HttpSession::kLongestHead);
    Page page;
    page.body = session.request()->target;
    page.html = session.request()->open_metrics;
    session.answer(std::move(page));
  }
  const std::size_t waiting = session.output().size();
  if (waiting != 0) session.sent(std::min(taken, waiting));
}

}  // namespace

// A client may send anything, in any pieces, and take its answers as slowly as it likes.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  HttpSession session;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::size_t unanswered = 0;
  while (!session.finished()) {
    if (session.wants_input() && rest.empty()) {
      session.end_of_input();
    } else if (session.wants_input()) {
      const std::size_t piece = std::min<std::size_t>(
          rest.size(), 1 + 16 * std::size_t{static_cast<unsigned char>(rest[0])});
      session.receive(rest.substr(0, std::min(piece, kMostAtOnce)));
      rest.remove_prefix(std::min(piece, kMostAtOnce));
      unanswered = session.output().empty() && !session.request() ? unanswered + piece : 0;
      check(unanswered <= kMostHeld);
    }
    go_on(session, rest.empty() ? 512 : 1 + static_cast<unsigned char>(rest[0]));
  }
  return 0;
}
