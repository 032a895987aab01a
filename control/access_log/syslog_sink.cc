#include "control/access_log/syslog_sink.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "control/access_log/line_header.h"

namespace sluice::control {
namespace {

constexpr unsigned kInfo = 6;

std::string priority(unsigned facility) {
  return '<' + std::to_string(facility * 8 + kInfo) + '>';
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

template <typename T>
SocketAddress as_storage(const T& address) {
  SocketAddress result;
  std::memcpy(&result.storage, &address, sizeof address);
  result.size = sizeof address;
  return result;
}

SocketAddress address_of(const AccessDestination& to) {
  if (to.kind == AccessDestination::Kind::kUnixSyslog) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    to.path.copy(address.sun_path, sizeof address.sun_path - 1);
    return as_storage(address);
  }
  if (to.address.address.is_v4()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(to.address.port);
    std::memcpy(&address.sin_addr, to.address.address.v4_bytes(), sizeof address.sin_addr);
    return as_storage(address);
  }
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(to.address.port);
  std::memcpy(&address.sin6_addr, to.address.address.bytes().data(), sizeof address.sin6_addr);
  return as_storage(address);
}

}  // namespace

SyslogSink::SyslogSink(AccessDestination to, const std::string& tag, unsigned facility)
    : to_(std::move(to)), header_(priority(facility), program_name(tag)) {
  connect();  // a server that is not there yet may come
}

bool SyslogSink::connect() {
  const SocketAddress address = address_of(to_);
  constexpr int kType = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  socket_ = FileDescriptor(::socket(address.storage.ss_family, kType, 0));
  const auto* name = reinterpret_cast<const sockaddr*>(&address.storage);
  if (socket_ && ::connect(socket_.get(), name, address.size) == 0) return true;
  return fail();
}

bool SyslogSink::fail() {
  fault_ = std::strerror(errno);
  socket_ = FileDescriptor();
  return false;
}

AccessSink::Outcome SyslogSink::write(LineBatch& batch) {
  if (!socket_ && !connect()) return Outcome::kFailed;
  while (!batch.done()) {
    const std::string_view line = batch.first();
    if (::send(socket_.get(), line.data(), line.size() - 1, MSG_NOSIGNAL) < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == ENOBUFS) return Outcome::kBusy;
      fail();
      return Outcome::kFailed;
    }
    batch.advance(line.size());
  }
  return Outcome::kDone;
}

}  // namespace sluice::control
