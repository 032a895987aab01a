#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace sluice::tls {

/// How far the window of the stream below may be opened. Every received byte is given back once:
/// what is not payload (headers, tags, handshake) at once, payload when the handler has consumed
/// it. The bytes of an unfinished record count as not payload until they are decrypted, so that a
/// record larger than the window arrives in the end; a peer gains at most one record by it.
class ReceiveCredit {
 public:
  void received(std::size_t ciphertext) { owed_ += static_cast<std::uint32_t>(ciphertext); }
  void decrypted(std::size_t plaintext) { unconsumed_ += static_cast<std::uint32_t>(plaintext); }
  /// The handler is done with plaintext; more than it was given counts as all of it.
  void consumed(std::size_t plaintext) {
    unconsumed_ -= static_cast<std::uint32_t>(std::min<std::size_t>(plaintext, unconsumed_));
  }

  /// By how many bytes to open the window now; they count as given back. `unread` are the received
  /// bytes that were not looked at yet.
  [[nodiscard]] std::size_t take(std::size_t unread) {
    const std::size_t held = unconsumed_ + unread;
    if (owed_ <= held) return 0;
    const std::size_t due = owed_ - held;
    owed_ = static_cast<std::uint32_t>(held);
    return due;
  }

 private:
  // No receive window is as large as these can count (RFC 7323 section 2.3).
  std::uint32_t owed_ = 0;        // ciphertext that was not given back to the window
  std::uint32_t unconsumed_ = 0;  // plaintext that the handler has not consumed
};

/// What acknowledged ciphertext means in plaintext. All overhead sent so far counts as acknowledged
/// before any plaintext: the answer is never too much, behind the truth by no more than the
/// overhead that is in flight, and exact once everything is acknowledged.
class AcknowledgedPlaintext {
 public:
  /// Plaintext was encrypted; the ciphertext is told to sent() before any of it is acknowledged.
  void sealed(std::size_t plaintext) { outstanding_ += static_cast<std::uint32_t>(plaintext); }
  void sent(std::size_t ciphertext) { in_flight_ += static_cast<std::uint32_t>(ciphertext); }

  /// Ciphertext was acknowledged; returns how much more plaintext is.
  [[nodiscard]] std::size_t acknowledged(std::size_t ciphertext) {
    in_flight_ -= static_cast<std::uint32_t>(std::min<std::size_t>(ciphertext, in_flight_));
    const std::uint32_t more = outstanding_ - std::min(in_flight_, outstanding_);
    outstanding_ -= more;
    return more;
  }

  /// Ciphertext that was sent and not acknowledged.
  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
  /// Plaintext that was encrypted and is not known to be acknowledged.
  [[nodiscard]] std::size_t outstanding() const { return outstanding_; }

 private:
  // What is not acknowledged lies in packet buffers: no stream has 4 GiB of them.
  std::uint32_t in_flight_ = 0;
  std::uint32_t outstanding_ = 0;
};

}  // namespace sluice::tls
