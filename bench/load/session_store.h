#pragma once

#include <cstddef>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tls/openssl_types.h"

namespace sluice::load {

struct Target;

/// TLS sessions of one worker that wait to be resumed, by the target they came from. The newest
/// goes first; beyond a bound the newest is dropped.
class SessionStore {
 public:
  static constexpr std::size_t kMostPerTarget = 65536;

  void put(const Target& target, tls::OpenSslPointer<SSL_SESSION> session) {
    auto& kept = sessions_[&target];
    if (session != nullptr && kept.size() < kMostPerTarget) kept.push_back(std::move(session));
  }
  /// Null when there is none.
  tls::OpenSslPointer<SSL_SESSION> take(const Target& target) {
    auto& kept = sessions_[&target];
    if (kept.empty()) return nullptr;
    tls::OpenSslPointer<SSL_SESSION> session = std::move(kept.back());
    kept.pop_back();
    return session;
  }

 private:
  std::unordered_map<const Target*, std::vector<tls::OpenSslPointer<SSL_SESSION>>> sessions_;
};

}  // namespace sluice::load
