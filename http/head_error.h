#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::http {

/// Why a head is not taken: each is a reason to refuse the message and to close the connection it
/// came on, since what follows on it cannot be trusted.
enum class HeadError : std::uint8_t {
  kNone,
  kBadOctet,            ///< NUL or another control character
  kBareLineEnd,         ///< CR or LF alone
  kFolded,              ///< obs-fold: a line that continues a field (RFC 9112 section 5.2)
  kBadStartLine,        ///< not METHOD SP target SP version, or not version SP status SP reason
  kBadTarget,           ///< none of the forms of RFC 9112 section 3.2 that the method may have
  kBadVersion,          ///< not HTTP/DIGIT.DIGIT
  kUnsupportedVersion,  ///< neither HTTP/1.0 nor HTTP/1.1
  kUnknownMethod,
  kBadField,  ///< name not a token, space before the colon, no colon
  kTooManyFields,
  kHeadTooLong,
  kTargetTooLong,
  kBadHost,              ///< missing in HTTP/1.1, several, or not a host
  kBadConnection,        ///< Connection is no list of tokens, or an unreasonable one
  kBadContentLength,     ///< not one number, or given twice
  kBadTransferEncoding,  ///< anything but one "chunked", or in HTTP/1.0
  kBothLengths,          ///< Content-Length and Transfer-Encoding
};

inline constexpr std::size_t kHeadErrors = static_cast<std::size_t>(HeadError::kBothLengths) + 1;

/// A few words for a log line.
std::string_view to_string(HeadError error);

/// The status that tells a client about its mistake: 400, 414, 431, 501 or 505.
unsigned status_of(HeadError error);

}  // namespace sluice::http
