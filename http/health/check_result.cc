#include "http/health/check_result.h"

#include <array>
#include <cstddef>

namespace sluice::http {
namespace {

struct Words {
  std::string_view code;
  std::string_view text;
};

constexpr std::array<Words, 13> kWords{{
    {"INI", "not checked yet"},
    {"L4OK", "connected"},
    {"L4TOUT", "no answer to the connection request in time"},
    {"L4CON", "connection refused, or host unreachable"},
    {"L6OK", "TLS handshake done"},
    {"L6TOUT", "no TLS handshake in time"},
    {"L6RSP", "the TLS handshake failed"},
    {"L7OK", "the response that was wanted"},
    {"L7TOUT", "no response in time"},
    {"L7RSP", "no HTTP response"},
    {"L7STS", "a response of another status"},
    {"L7STS", "the body lacks what it must hold"},
    {"SOCKERR", "no buffer or connection for a check"},
}};

const Words& words_of(CheckOutcome outcome) {
  return kWords[static_cast<std::size_t>(outcome)];
}

}  // namespace

std::string_view code_of(CheckOutcome outcome) {
  return words_of(outcome).code;
}

std::string_view describe(CheckOutcome outcome) {
  return words_of(outcome).text;
}

}  // namespace sluice::http
