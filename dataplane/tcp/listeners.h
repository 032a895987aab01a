#pragma once

#include <functional>
#include <unordered_map>

#include "dataplane/stream.h"
#include "dataplane/wire/ip_address.h"

namespace sluice::tcp {

/// The addresses that connections are accepted on, and who accepts them.
class Listeners {
 public:
  struct Found {
    wire::Endpoint endpoint;  ///< as it was listened on
    Acceptor* acceptor = nullptr;
  };

  /// False when the endpoint is taken.
  bool add(const wire::Endpoint& endpoint, Acceptor& acceptor) {
    return by_endpoint_.emplace(endpoint, &acceptor).second;
  }
  void remove(const wire::Endpoint& endpoint) { by_endpoint_.erase(endpoint); }

  /// Who listens on this address and port: exactly, or on all addresses of its family. `acceptor`
  /// is nullptr when nobody does.
  [[nodiscard]] Found find(const wire::IpAddress& local, std::uint16_t port) const {
    const wire::IpAddress any = local.is_v4() ? wire::IpAddress::v4(0, 0, 0, 0) : wire::IpAddress();
    for (const wire::Endpoint& endpoint :
         {wire::Endpoint{local, port}, wire::Endpoint{any, port}}) {
      const auto found = by_endpoint_.find(endpoint);
      if (found != by_endpoint_.end()) return {found->first, found->second};
    }
    return {};
  }

 private:
  struct Hash {
    std::size_t operator()(const wire::Endpoint& endpoint) const {
      return std::hash<wire::IpAddress>{}(endpoint.address) ^
             (std::size_t{endpoint.port} * 0x9e3779b97f4a7c15U);
    }
  };
  std::unordered_map<wire::Endpoint, Acceptor*, Hash> by_endpoint_;
};

}  // namespace sluice::tcp
