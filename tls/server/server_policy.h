#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tls/version.h"

namespace sluice::tls {

/// What a server agrees to. Every cipher here is an AEAD with forward secrecy: there are no others.
struct ServerPolicy {
  Version min_version = Version::kTls12;
  Version max_version = Version::kTls13;
  std::vector<std::string> ciphers;       ///< of TLS 1.2: from tls12_ciphers(); not empty
  std::vector<std::string> ciphersuites;  ///< of TLS 1.3: from tls13_ciphersuites(); not empty
  std::vector<std::string> groups;        ///< from key_exchange_groups(); not empty
  /// The server's order of ciphers and groups counts, not the client's; but ChaCha20 is taken when
  /// the client has it first, as one without AES instructions does.
  bool prefer_own_order = false;

  friend bool operator==(const ServerPolicy&, const ServerPolicy&) = default;
};

/// Mozilla's "intermediate" (Server Side TLS 5.7) without finite-field Diffie-Hellman; with the
/// hybrid X25519MLKEM768 first where the library has it.
ServerPolicy intermediate_policy();
/// Mozilla's "modern": TLS 1.3 alone; the same groups.
ServerPolicy modern_policy();

/// What there is to choose from, each in the order of Mozilla's lists, by OpenSSL's names.
std::span<const std::string> tls12_ciphers();
std::span<const std::string> tls13_ciphersuites();
/// Groups may have several names.
std::span<const std::string> key_exchange_groups();

/// Whether this process's OpenSSL has a group.
bool library_has_group(std::string_view name);

}  // namespace sluice::tls
