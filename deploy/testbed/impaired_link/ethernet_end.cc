#include "deploy/testbed/impaired_link/ethernet_end.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace sluice::testbed {
namespace {

// What a burst may leave here before it is received.
constexpr int kReceiveBuffer = 64 << 20;
constexpr int kSendBuffer = 16 << 20;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void set(int descriptor, int level, int option, int value, const std::string& what) {
  if (::setsockopt(descriptor, level, option, &value, sizeof value) != 0) fail(what);
}

void bind_to(int descriptor, const std::string& interface) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
  if (address.sll_ifindex == 0) fail(interface);
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail(interface);
  }
}

}  // namespace

// Without a protocol until it is bound: else it would hear all interfaces meanwhile.
EthernetEnd::EthernetEnd(const std::string& interface)
    : descriptor_(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  if (descriptor_ < 0) fail("packet socket");
  try {
    set(descriptor_, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING");
    set(descriptor_, SOL_PACKET, PACKET_QDISC_BYPASS, 1, "PACKET_QDISC_BYPASS");
    set(descriptor_, SOL_SOCKET, SO_RCVBUFFORCE, kReceiveBuffer, "SO_RCVBUFFORCE");
    set(descriptor_, SOL_SOCKET, SO_SNDBUFFORCE, kSendBuffer, "SO_SNDBUFFORCE");
    bind_to(descriptor_, interface);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
  empty_.reserve(kBatch);
}

EthernetEnd::~EthernetEnd() {
  ::close(descriptor_);
}

void EthernetEnd::receive(FramePool& pool, std::vector<Frame>& into) {
  while (empty_.size() < kBatch) {
    std::optional<Frame> frame = pool.take();
    if (!frame) break;
    empty_.push_back(std::move(*frame));
  }
  std::array<mmsghdr, kBatch> messages{};
  std::array<iovec, kBatch> places;
  for (std::size_t i = 0; i < empty_.size(); ++i) {
    places[i] = {empty_[i].buffer().data(), Frame::kCapacity};
    messages[i].msg_hdr.msg_iov = &places[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int received = ::recvmmsg(descriptor_, messages.data(),
                                  static_cast<unsigned>(empty_.size()), MSG_DONTWAIT, nullptr);
  if (received < 0) {
    if (errno == EAGAIN || errno == EINTR) return;
    fail("recvmmsg");
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(received); ++i) {
    if ((messages[i].msg_hdr.msg_flags & MSG_TRUNC) != 0) {
      ++over_long_;
      continue;
    }
    empty_[i].resize(messages[i].msg_len);
    into.push_back(std::move(empty_[i]));
  }
  empty_.erase(empty_.begin(), empty_.begin() + received);
}

void EthernetEnd::send(std::vector<Frame>& frames) {
  std::array<mmsghdr, kBatch> messages{};
  std::array<iovec, kBatch> places;
  const std::size_t count = std::min(frames.size(), kBatch);
  for (std::size_t i = 0; i < count; ++i) {
    places[i] = {frames[i].bytes().data(), frames[i].size()};
    messages[i].msg_hdr.msg_iov = &places[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  std::size_t sent = 0;
  // It stops at the first that is refused; those behind it may be taken all the same.
  for (std::size_t next = 0; next < count;) {
    const int done =
        ::sendmmsg(descriptor_, &messages[next], static_cast<unsigned>(count - next), MSG_DONTWAIT);
    const std::size_t taken = done > 0 ? static_cast<std::size_t>(done) : 0;
    sent += taken;
    next += std::max<std::size_t>(taken, 1);
  }
  unsent_ += frames.size() - sent;
  frames.clear();
}

std::uint64_t EthernetEnd::missed() {
  tpacket_stats since{};
  socklen_t size = sizeof since;
  // The kernel forgets what it has told.
  if (::getsockopt(descriptor_, SOL_PACKET, PACKET_STATISTICS, &since, &size) == 0) {
    missed_ += since.tp_drops;
  }
  return missed_;
}

}  // namespace sluice::testbed
