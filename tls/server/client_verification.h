#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "tls/certificate/shared_certificate.h"
#include "tls/openssl_types.h"

namespace sluice::tls {

/// Whether clients have to show a certificate.
enum class ClientAuth : std::uint8_t {
  kNone,      ///< none is asked for
  kOptional,  ///< one that is shown must be good
  kRequired,
};

/// How a frontend finds out who its clients are. Never changes; all workers read it.
class ClientVerification {
 public:
  /// Part of what a session is bound to: another for other authorities, lists or demands, so that
  /// a session from before a change of them is not resumed behind it.
  using Tag = std::array<unsigned char, 32>;

  /// `authorities`: a PEM file with the certificates of those who vouch for clients.
  /// `revocations`: a PEM file with lists of revoked certificates (CRLs), one of every authority
  /// that a client's chain leads to; empty: none are looked at. Throws std::runtime_error with a
  /// message for the operator.
  ClientVerification(ClientAuth demand, const std::filesystem::path& authorities,
                     const std::filesystem::path& revocations);

  /// Has `context` ask for certificates and verify them, by objects of its own. Throws
  /// std::runtime_error when OpenSSL cannot be set up so.
  void apply(SSL_CTX* context) const;
  [[nodiscard]] const Tag& tag() const { return tag_; }

 private:
  ClientAuth demand_;
  std::vector<Der> authorities_;
  std::vector<Der> revocations_;
  Tag tag_;
};

}  // namespace sluice::tls
