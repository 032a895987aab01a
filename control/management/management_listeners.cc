#include "control/management/management_listeners.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace sluice::control {
namespace {

constexpr int kBacklog = 64;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;

  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress to_socket_address(const wire::Endpoint& endpoint) {
  SocketAddress address;
  if (endpoint.address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, endpoint.address.v4_bytes(), 4);
    std::memcpy(&address.storage, &v4, sizeof v4);
    address.size = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, endpoint.address.bytes().data(), 16);
    std::memcpy(&address.storage, &v6, sizeof v6);
    address.size = sizeof v6;
  }
  return address;
}

wire::Endpoint to_endpoint(const SocketAddress& address) {
  if (address.storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address.storage, sizeof v4);
    return {wire::IpAddress::v4(reinterpret_cast<const std::uint8_t*>(&v4.sin_addr)),
            ntohs(v4.sin_port)};
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address.storage, sizeof v6);
  return {wire::IpAddress::v6(v6.sin6_addr.s6_addr), ntohs(v6.sin6_port)};
}

void turn_on(const FileDescriptor& socket, int level, int option) {
  const int on = 1;
  ::setsockopt(socket.get(), level, option, &on, sizeof on);
}

// IPv6 alone on an IPv6 address: what "[::]" and "0.0.0.0" mean does not depend on the machine.
FileDescriptor listen_on(const wire::Endpoint& endpoint) {
  SocketAddress address = to_socket_address(endpoint);
  FileDescriptor socket(
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket) {
    turn_on(socket, SOL_SOCKET, SO_REUSEADDR);
    if (endpoint.address.is_v6()) turn_on(socket, IPPROTO_IPV6, IPV6_V6ONLY);
    if (::bind(socket.get(), address.get(), address.size) == 0 &&
        ::listen(socket.get(), kBacklog) == 0) {
      return socket;
    }
  }
  throw std::runtime_error("management address " + endpoint.to_string() + ": " +
                           std::strerror(errno));
}

}  // namespace

ManagementListeners::ManagementListeners(const std::vector<wire::Endpoint>& addresses) {
  for (const wire::Endpoint& address : addresses) sockets_.push_back(listen_on(address));
}

std::vector<wire::Endpoint> ManagementListeners::addresses() const {
  std::vector<wire::Endpoint> addresses;
  for (const FileDescriptor& socket : sockets_) {
    SocketAddress address;
    ::getsockname(socket.get(), address.get(), &address.size);
    addresses.push_back(to_endpoint(address));
  }
  return addresses;
}

}  // namespace sluice::control
