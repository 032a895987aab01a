#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "dataplane/base/time.h"
#include "dataplane/wire/ip_address.h"
#include "http/access_log/end_cause.h"
#include "http/framing.h"
#include "http/settings.h"

namespace sluice::http {

/// How long something took that did not come to pass.
inline constexpr Duration kNotReached{-1};

/// Request header fields that may be captured.
inline constexpr std::size_t kMostCaptures = 8;

/// The texts of a record. Those of a TCP session are empty but for TLS's.
enum class AccessText : std::uint8_t {
  kMethod,  ///< empty in HTTP: there was no good request head
  kTarget,
  kHost,
  kTlsVersion,  ///< empty: no TLS
  kCipher,
  kServerName,    ///< by SNI
  kFirstCapture,  ///< and those of the others behind it
};
inline constexpr std::size_t kAccessTexts =
    static_cast<std::size_t>(AccessText::kFirstCapture) + kMostCaptures;

/// What is kept of a text at most, in bytes.
constexpr std::size_t longest(AccessText text) {
  if (text == AccessText::kTarget) return 1024;
  return text == AccessText::kHost || text >= AccessText::kServerName ? 255 : 63;
}

/// One request that has ended, or one TCP session, as its worker puts it into the access log.
/// Durations are kNotReached where it never came so far.
struct AccessRecord {
  Instant accepted{};               ///< the client's connection
  Instant began{};                  ///< the request's first byte; of a TCP session, `accepted`
  Duration head = kNotReached;      ///< from there until the request's head was whole
  Duration queue = kNotReached;     ///< until it had a server
  Duration connect = kNotReached;   ///< until it had a connection to it
  Duration response = kNotReached;  ///< until the response's head had come
  Duration total{};                 ///< from `began` to the end
  std::uint64_t bytes_out = 0;      ///< handed to the client's connection
  std::uint64_t bytes_in = 0;       ///< read from it
  std::uint64_t tag_high = 0;       ///< with `has_tag`: what {id} stands for
  std::uint64_t tag_low = 0;
  std::uint64_t generation = 0;  ///< of the settings that the ids below are of
  wire::Endpoint client;
  FrontendId frontend;
  BackendId backend;  ///< not valid: it came to none
  ServerId server;    ///< of the last attempt; not valid: none
  // How many this worker had when it ended, itself included.
  std::uint32_t process_sessions = 0;
  std::uint32_t frontend_sessions = 0;
  std::uint32_t backend_exchanges = 0;
  std::uint32_t server_exchanges = 0;
  std::uint32_t queued_before = 0;  ///< that were in the backend's queue when it joined
  std::uint16_t status = 0;         ///< 0: no response was begun
  std::uint16_t retries = 0;
  EndCause cause;
  Version version = Version::kHttp11;
  bool tcp = false;  ///< a TCP session
  bool secure = false;
  bool resumed = false;       ///< its TLS session was
  bool redispatched = false;  ///< the last server is not the first
  bool has_tag = false;
  std::uint16_t cut = 0;                            ///< a bit for each text that was longer
  std::array<std::uint16_t, kAccessTexts> sizes{};  ///< of the texts, in bytes
};
static_assert(std::is_trivially_copyable_v<AccessRecord>);

/// A record with its texts, which live somewhere else.
struct AccessEntry {
  AccessRecord record;
  std::array<std::string_view, kAccessTexts> texts;

  [[nodiscard]] std::string_view& text(AccessText which) {
    return texts[static_cast<std::size_t>(which)];
  }
  [[nodiscard]] std::string_view text(AccessText which) const {
    return texts[static_cast<std::size_t>(which)];
  }
  [[nodiscard]] std::string_view& capture(std::size_t index) {
    return texts[static_cast<std::size_t>(AccessText::kFirstCapture) + index];
  }
  [[nodiscard]] std::string_view capture(std::size_t index) const {
    return texts[static_cast<std::size_t>(AccessText::kFirstCapture) + index];
  }
  [[nodiscard]] bool is_cut(AccessText which) const {
    return (record.cut >> static_cast<unsigned>(which) & 1U) != 0;
  }
};

}  // namespace sluice::http
