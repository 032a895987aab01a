#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>

#include "tls/openssl_types.h"

namespace sluice::tls {

/// Why TLS failed on one connection. Small and ordered, so that many can be counted by their
/// reason, and put into words afterwards.
struct Failure {
  enum class Kind : std::uint8_t {
    kNone,           ///< TLS did not fail: the stream below did, or ended, or there were no buffers
    kAlertReceived,  ///< code: the number of the peer's alert (RFC 8446 section 6)
    kAlertSent,      ///< code: the number of our alert
    kCertificate,    ///< the peer's is not trusted; code: OpenSSL's X509_V_ERR_...
    kProtocol,       ///< refused without an alert; code: OpenSSL's error, or 0
    kNotTls,         ///< what was received is no TLS record
    kTooLong,        ///< a handshake of more bytes than any honest one has
    kControlFlood,   ///< too many records that carry no data
  };

  static constexpr std::size_t kKinds = 8;

  Kind kind = Kind::kNone;
  std::uint32_t code = 0;

  friend bool operator==(const Failure&, const Failure&) = default;
  friend bool operator<(const Failure& a, const Failure& b) {
    return std::tie(a.kind, a.code) < std::tie(b.kind, b.code);
  }
};

/// A failure as one number, for a counter that other threads read.
constexpr std::uint64_t packed(const Failure& failure) {
  return std::uint64_t{static_cast<std::uint8_t>(failure.kind)} << 32 | failure.code;
}
constexpr Failure unpacked(std::uint64_t number) {
  return {static_cast<Failure::Kind>(number >> 32), static_cast<std::uint32_t>(number)};
}

/// For people: "alert received: handshake failure", "certificate: certificate has expired".
std::string to_string(const Failure& failure);

/// The failure that OpenSSL has left in this thread's error queue, which is empty afterwards.
/// `alert_sent` is the fatal alert that was sent on this connection, or -1.
Failure take_failure(const SSL* ssl, int alert_sent);

}  // namespace sluice::tls
