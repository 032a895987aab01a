#include "dataplane/port/kernel_interface.h"

#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>

#include "dataplane/wire/ip_address.h"

namespace sluice::port {
namespace {

// A socket to ask the kernel through.
class Query {
 public:
  explicit Query(const std::string& name) : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    std::memcpy(request_.ifr_name, name.data(), std::min<std::size_t>(name.size(), IFNAMSIZ - 1));
  }
  ~Query() {
    if (socket_ >= 0) close(socket_);
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  bool ask(unsigned long what) { return ioctl(socket_, what, &request_) == 0; }
  bool ask_ethtool(void* command) {
    request_.ifr_data = static_cast<char*>(command);
    return ask(SIOCETHTOOL);
  }
  ifreq& request() { return request_; }

 private:
  int socket_;
  ifreq request_{};
};

bool merges_received(Query& query) {
  ethtool_value value{};
  value.cmd = ETHTOOL_GGRO;
  if (query.ask_ethtool(&value) && value.data != 0) return true;
  value = {};
  value.cmd = ETHTOOL_GFLAGS;
  return query.ask_ethtool(&value) && (value.data & ETH_FLAG_LRO) != 0;
}

// What has no channels to count, or does not tell, has one queue.
std::uint16_t combined_queues(Query& query) {
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (!query.ask_ethtool(&channels) || channels.combined_count == 0) return 1;
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(channels.combined_count, 0xffff));
}

std::optional<wire::IpAddress> ip_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return wire::IpAddress::v4(reinterpret_cast<const std::uint8_t*>(&v4.sin_addr));
  }
  if (address.sa_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    return wire::IpAddress::v6(v6.sin6_addr.s6_addr);
  }
  return {};
}

}  // namespace

std::optional<KernelInterface> find_kernel_interface(const std::string& name) {
  KernelInterface found;
  found.index = if_nametoindex(name.c_str());
  Query query(name);
  if (found.index == 0 || !query.ask(SIOCGIFFLAGS)) return {};
  found.up = (query.request().ifr_flags & IFF_UP) != 0;
  found.running = found.up && (query.request().ifr_flags & IFF_RUNNING) != 0;
  if (query.ask(SIOCGIFMTU)) {
    found.mtu = static_cast<std::uint16_t>(std::clamp(query.request().ifr_mtu, 0, 0xffff));
  }
  if (query.ask(SIOCGIFHWADDR)) {
    std::memcpy(found.mac.bytes.data(), query.request().ifr_hwaddr.sa_data, found.mac.bytes.size());
  }
  found.merges_received = merges_received(query);
  found.combined_queues = combined_queues(query);
  return found;
}

std::vector<std::string> kernel_addresses(const std::string& name) {
  std::vector<std::string> addresses;
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return addresses;
  for (const ifaddrs* entry = all; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || name != entry->ifa_name) continue;
    const auto address = ip_address(*entry->ifa_addr);
    if (address && !address->is_link_local()) addresses.push_back(address->to_string());
  }
  freeifaddrs(all);
  return addresses;
}

bool kernel_forwards(const std::string& name) {
  for (const char* family : {"ipv4", "ipv6"}) {
    char setting = '0';
    std::ifstream(std::string("/proc/sys/net/") + family + "/conf/" + name + "/forwarding") >>
        setting;
    if (setting == '1') return true;
  }
  return false;
}

std::vector<std::string> kernel_interface_names() {
  std::vector<std::string> names;
  struct if_nameindex* all = if_nameindex();
  if (all == nullptr) return names;
  for (const struct if_nameindex* entry = all; entry->if_index != 0; ++entry) {
    names.emplace_back(entry->if_name);
  }
  if_freenameindex(all);
  return names;
}

bool set_interface_up(const std::string& name) {
  Query query(name);
  if (!query.ask(SIOCGIFFLAGS)) return false;
  query.request().ifr_flags = static_cast<short>(query.request().ifr_flags | IFF_UP);
  return query.ask(SIOCSIFFLAGS);
}

MulticastReception::MulticastReception(unsigned interface_index)
    : socket_(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  if (socket_ < 0) return;
  packet_mreq membership{};
  membership.mr_ifindex = static_cast<int>(interface_index);
  membership.mr_type = PACKET_MR_ALLMULTI;
  if (setsockopt(socket_, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) != 0) {
    close(socket_);
    socket_ = -1;
  }
}

MulticastReception::~MulticastReception() {
  if (socket_ >= 0) close(socket_);
}

}  // namespace sluice::port
