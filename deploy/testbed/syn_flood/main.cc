#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "deploy/testbed/syn_flood/syn_frame.h"

namespace sluice::testbed {
namespace {

using Time = std::chrono::steady_clock;

constexpr std::size_t kBatch = 64;

struct Options {
  std::string interface;
  std::string mac;
  std::string target;
  double seconds = 1;
  std::uint64_t rate = 0;
  std::uint64_t seed = 1;
};

volatile std::sig_atomic_t ended = 0;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

MacAddress parse_mac(const std::string& text) {
  std::array<unsigned, 6> bytes{};
  char rest = 0;
  if (std::sscanf(text.c_str(), "%2x:%2x:%2x:%2x:%2x:%2x%c", &bytes[0], &bytes[1], &bytes[2],
                  &bytes[3], &bytes[4], &bytes[5], &rest) != 6) {
    throw std::invalid_argument("'" + text + "': expected a MAC address");
  }
  MacAddress mac{};
  std::ranges::transform(bytes, mac.begin(), [](unsigned b) { return std::uint8_t(b); });
  return mac;
}

/// A packet socket that only sends.
class Out {
 public:
  explicit Out(const std::string& interface)
      : descriptor_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
    if (descriptor_ < 0) fail("packet socket");
    const int on = 1;
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
    if (address.sll_ifindex == 0 ||
        ::setsockopt(descriptor_, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) != 0 ||
        ::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      fail(interface);
    }
    ifreq request{};
    interface.copy(request.ifr_name, IFNAMSIZ - 1);
    if (::ioctl(descriptor_, SIOCGIFHWADDR, &request) != 0) fail(interface);
    std::copy_n(request.ifr_hwaddr.sa_data, mac_.size(), mac_.begin());
  }
  ~Out() { ::close(descriptor_); }
  Out(const Out&) = delete;
  Out& operator=(const Out&) = delete;

  [[nodiscard]] const MacAddress& mac() const { return mac_; }

  /// Returns how many the interface took.
  std::size_t send(std::vector<SynFrame>& frames) {
    std::array<mmsghdr, kBatch> messages{};
    std::array<iovec, kBatch> places{};
    for (std::size_t i = 0; i < frames.size(); ++i) {
      places[i] = {frames[i].bytes().data(), frames[i].bytes().size()};
      messages[i].msg_hdr.msg_iov = &places[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int sent =
        ::sendmmsg(descriptor_, messages.data(), static_cast<unsigned>(frames.size()), 0);
    return sent > 0 ? static_cast<std::size_t>(sent) : 0;
  }

 private:
  int descriptor_;
  MacAddress mac_{};
};

void flood(const Options& options) {
  const auto target = wire::Endpoint::parse(options.target);
  if (!target) throw std::invalid_argument("'" + options.target + "': expected ADDRESS:PORT");
  Out out(options.interface);
  std::vector<SynFrame> frames(kBatch, SynFrame(out.mac(), parse_mac(options.mac), *target));
  Chance chance(options.seed);
  std::uint64_t sent = 0;
  std::uint64_t refused = 0;
  const Time::time_point begin = Time::now();
  std::chrono::duration<double> passed{};
  while (ended == 0 && passed.count() < options.seconds) {
    for (SynFrame& frame : frames) frame.change(chance);
    const std::size_t taken = out.send(frames);
    sent += taken;
    refused += frames.size() - taken;
    passed = Time::now() - begin;
    if (options.rate == 0) continue;
    const auto due = std::chrono::duration<double>(static_cast<double>(sent + refused) /
                                                   static_cast<double>(options.rate));
    if (due > passed) std::this_thread::sleep_for(due - passed);
  }
  const nlohmann::ordered_json json = {
      {"sent", sent}, {"refused", refused}, {"seconds", passed.count()}};
  std::cout << json.dump() << '\n';
}

}  // namespace
}  // namespace sluice::testbed

int main(int argc, char** argv) {
  sluice::testbed::Options options;
  CLI::App app(
      "Floods a TCP port of a host on this network with SYNs from random sources, as fast as an\n"
      "interface takes them, and writes as JSON what it sent. Only for networks made for it.");
  app.add_option("INTERFACE", options.interface, "Of this network namespace")->required();
  app.add_option("MAC", options.mac, "Of the host")->required();
  app.add_option("TARGET", options.target, "ADDRESS:PORT of the host")->required();
  app.add_option("--seconds", options.seconds, "How long (default 1)");
  app.add_option("--rate", options.rate, "SYNs a second, at most (default: no limit)");
  app.add_option("--seed", options.seed, "Of all chances (default 1)");
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGTERM, [](int) { sluice::testbed::ended = 1; });
  std::signal(SIGINT, [](int) { sluice::testbed::ended = 1; });
  try {
    sluice::testbed::flood(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "syn-flood: %s\n", error.what());
    return 1;
  }
}
