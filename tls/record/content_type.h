#pragma once

#include <cstdint>

namespace sluice::tls {

/// What a record holds (RFC 8446 section 5.1).
enum class ContentType : std::uint8_t {
  kChangeCipherSpec = 20,
  kAlert = 21,
  kHandshake = 22,
  kApplicationData = 23,
};

enum class AlertLevel : std::uint8_t { kWarning = 1, kFatal = 2 };

/// Alerts that are sent or looked at (RFC 8446 section 6).
enum class Alert : std::uint8_t {
  kCloseNotify = 0,
  kUnexpectedMessage = 10,
  kBadRecordMac = 20,
  kRecordOverflow = 22,
  kIllegalParameter = 47,
  kDecodeError = 50,
  kProtocolVersion = 70,
  kInternalError = 80,
  kUserCanceled = 90,
  kNoRenegotiation = 100,
};

}  // namespace sluice::tls
