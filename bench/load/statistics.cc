#include "bench/load/statistics.h"

#include <array>

namespace sluice::load {
namespace {

struct Words {
  std::string_view name;
  std::string_view text;
};

constexpr std::array<Words, kFailures> kWords{{
    {"connect_timeout", "no answer to the connection request in time"},
    {"refused", "connection refused"},
    {"unreachable", "server unreachable"},
    {"handshake_timeout", "no end of the TLS handshake in time"},
    {"handshake", "TLS handshake failed"},
    {"response_timeout", "no complete response in time"},
    {"reset", "reset by the server"},
    {"no_ack", "server stopped acknowledging"},
    {"closed_early", "closed by the server before its response"},
    {"short_body", "response cut short"},
    {"bad_tls", "bad TLS record"},
    {"bad_response", "response is not valid HTTP"},
    {"wrong_status", "unexpected status"},
    {"wrong_body", "unexpected body"},
    {"lost", "held connection ended by the server"},
    {"no_local_port", "no free local port (use more addresses)"},
    {"no_memory", "no room for another connection or packet"},
}};

}  // namespace

std::string_view to_string(Failure failure) {
  return kWords[static_cast<std::size_t>(failure)].text;
}

std::string_view name_of(Failure failure) {
  return kWords[static_cast<std::size_t>(failure)].name;
}

void TlsFailures::count(const tls::Failure& failure) {
  using Kind = tls::Failure::Kind;
  if (failure.kind == Kind::kAlertReceived && failure.code < alerts_received.size()) {
    alerts_received[failure.code].add();
  } else if (failure.kind == Kind::kAlertSent && failure.code < alerts_sent.size()) {
    alerts_sent[failure.code].add();
  } else if (failure.kind == Kind::kCertificate) {
    certificate.add();
  } else {
    other.add();
  }
}

bool is_own(Failure failure) {
  return failure == Failure::kNoLocalPort || failure == Failure::kNoMemory;
}

}  // namespace sluice::load
