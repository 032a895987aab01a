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
  void received(std::size_t ciphertext) { received_ += ciphertext; }
  void decrypted(std::size_t plaintext) { decrypted_ += plaintext; }
  /// The handler is done with plaintext; more than it was given counts as all of it.
  void consumed(std::size_t plaintext) {
    consumed_ += std::min<std::uint64_t>(plaintext, decrypted_ - consumed_);
  }

  /// By how many bytes to open the window now; they count as given back. `unread` are the received
  /// bytes that were not looked at yet.
  [[nodiscard]] std::size_t take(std::size_t unread) {
    const std::uint64_t held = (decrypted_ - consumed_) + unread;
    if (received_ - returned_ <= held) return 0;
    const std::uint64_t due = received_ - returned_ - held;
    returned_ += due;
    return static_cast<std::size_t>(due);
  }

 private:
  std::uint64_t received_ = 0;   // ciphertext from below
  std::uint64_t returned_ = 0;   // of it, given back to the window
  std::uint64_t decrypted_ = 0;  // plaintext
  std::uint64_t consumed_ = 0;   // of it, by the handler
};

/// What acknowledged ciphertext means in plaintext. All overhead sent so far counts as acknowledged
/// before any plaintext: the answer is never too much, behind the truth by no more than the
/// overhead that is in flight, and exact once everything is acknowledged.
class AcknowledgedPlaintext {
 public:
  /// Plaintext was encrypted; the ciphertext is told to sent() before any of it is acknowledged.
  void sealed(std::size_t plaintext) { plaintext_ += plaintext; }
  void sent(std::size_t ciphertext) { ciphertext_ += ciphertext; }

  /// Ciphertext was acknowledged; returns how much more plaintext is.
  [[nodiscard]] std::size_t acknowledged(std::size_t ciphertext) {
    acknowledged_ciphertext_ += ciphertext;
    const std::uint64_t in_flight = ciphertext_ - std::min(acknowledged_ciphertext_, ciphertext_);
    const std::uint64_t known = plaintext_ - std::min(in_flight, plaintext_);
    if (known <= acknowledged_plaintext_) return 0;
    const std::uint64_t more = known - acknowledged_plaintext_;
    acknowledged_plaintext_ = known;
    return static_cast<std::size_t>(more);
  }

  [[nodiscard]] std::uint64_t sent_ciphertext() const { return ciphertext_; }
  [[nodiscard]] std::uint64_t acknowledged_ciphertext() const { return acknowledged_ciphertext_; }
  /// Plaintext that was encrypted and is not known to be acknowledged.
  [[nodiscard]] std::size_t outstanding() const {
    return static_cast<std::size_t>(plaintext_ - acknowledged_plaintext_);
  }

 private:
  std::uint64_t plaintext_ = 0;
  std::uint64_t ciphertext_ = 0;
  std::uint64_t acknowledged_ciphertext_ = 0;
  std::uint64_t acknowledged_plaintext_ = 0;
};

}  // namespace sluice::tls
