#include "dataplane/port/port.h"

#include <rte_errno.h>

#include <algorithm>
#include <utility>

#include "dataplane/port/steering.h"

namespace sluice::port {
namespace {

rte_eth_dev_info device_info(const Device& device) {
  rte_eth_dev_info info{};
  const int error = rte_eth_dev_info_get(device.ethdev(), &info);
  if (error != 0) throw device.failure("its capabilities cannot be read");
  return info;
}

DeviceCapabilities capabilities_of(const Device& device) {
  const rte_eth_dev_info info = device_info(device);
  return {info.rx_offload_capa, info.tx_offload_capa, info.flow_type_rss_offloads};
}

std::uint16_t usable_queues(const Device& device) {
  const rte_eth_dev_info info = device_info(device);
  const std::uint16_t most = std::min(info.max_rx_queues, info.max_tx_queues);
  if (most == 0) throw device.failure("it has no queues");
  return std::min(device.queues(), most);
}

// Drivers that tell no limit, and those that tell none worth the name, take eight.
std::uint16_t longest_chain(const Device& device, const Offloads& offloads) {
  constexpr std::uint16_t kAlwaysPossible = 8;
  constexpr std::uint16_t kOfLongFrames = 32;  // memif: a frame of 64 KiB in ordinary buffers
  if (!offloads.multi_segment) return 1;
  if (device.name().kind == DeviceKind::kMemif) return kOfLongFrames;
  return std::max(device_info(device).tx_desc_lim.nb_mtu_seg_max, kAlwaysPossible);
}

// DPDK's memif driver sends four packets at a time without a look at how much of the ring is left,
// and where packets differ in length it then writes over what the peer has not read. It has that
// look for each of up to four.
std::uint16_t transmit_burst(const DeviceName& device) {
  return device.memif_zero_copy ? 4 : kBurst;
}

std::string error_text(int error) {
  return rte_strerror(-error);
}

std::string joined(const std::vector<std::string_view>& words) {
  if (words.empty()) return "-";
  std::string text;
  for (const std::string_view word : words) {
    if (!text.empty()) text += ", ";
    text += word;
  }
  return text;
}

}  // namespace

Port::Port(PortId id, DeviceName name, std::uint32_t first_worker, DeviceEnvironment& environment,
           LinkMonitor& monitor)
    : device_(std::move(name), id.value(), environment),
      ethdev_(device_.ethdev()),
      workers_(environment.workers),
      queues_(usable_queues(device_), environment.workers, first_worker),
      capabilities_(capabilities_of(device_)),
      link_(monitor) {
  properties_.port = id;
  properties_.mac = device_.mac();
  properties_.mtu = device_.mtu();
  properties_.offloads = select_offloads(device_.name(), capabilities_);
  longest_chain_ = port::longest_chain(device_, properties_.offloads);
  trusts_peer_ = !device_.name().memif_checksums;
  transmit_burst_ = port::transmit_burst(device_.name());
  if (queues_.queues() == 1) properties_.offloads.receive_side_scaling = false;
}

Port::~Port() {
  if (watching_link_) {
    // -EAGAIN: the callback is running just now.
    while (rte_eth_dev_callback_unregister(ethdev_, RTE_ETH_EVENT_INTR_LSC, on_link_event, this) ==
           -EAGAIN) {
    }
  }
}

void Port::start(std::span<PacketPool* const> pools) {
  const DpdkLog::Attempt attempt(device_.log());
  configure(queues_.queues());
  set_up_queues(pools);
  watching_link_ =
      rte_eth_dev_callback_register(ethdev_, RTE_ETH_EVENT_INTR_LSC, on_link_event, this) == 0;
  const int error = rte_eth_dev_start(ethdev_);
  if (error != 0) throw device_.failure("cannot be started: " + error_text(error));
  // IPv6 neighbour discovery is multicast. Drivers that filter nothing do not know the call.
  (void)rte_eth_allmulticast_enable(ethdev_);
  refresh_link();
}

void Port::mark_as_verified(std::span<rte_mbuf* const> packets) {
  for (rte_mbuf* packet : packets) packet->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_NONE;
}

void Port::configure(std::uint16_t queues) {
  rte_eth_conf configuration{};
  configuration.rxmode.offloads = receive_offload_bits(properties_.offloads, capabilities_);
  configuration.txmode.offloads = transmit_offload_bits(properties_.offloads, capabilities_);
  if (properties_.offloads.receive_side_scaling) {
    configuration.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    configuration.rx_adv_conf.rss_conf.rss_hf = rss_bits(capabilities_);
  }
  const rte_eth_dev_info info = device_info(device_);
  configuration.intr_conf.lsc =
      info.dev_flags != nullptr && (*info.dev_flags & RTE_ETH_DEV_INTR_LSC) != 0 ? 1 : 0;
  const int error = rte_eth_dev_configure(ethdev_, queues, queues, &configuration);
  if (error != 0) throw device_.failure("cannot be configured: " + error_text(error));
}

void Port::set_up_queues(std::span<PacketPool* const> pools) {
  std::uint16_t receive_size = descriptors_of(device_.name().kind);
  std::uint16_t transmit_size = receive_size;
  (void)rte_eth_dev_adjust_nb_rx_tx_desc(ethdev_, &receive_size, &transmit_size);
  const auto socket = static_cast<unsigned>(std::max(rte_eth_dev_socket_id(ethdev_), 0));
  for (std::uint16_t queue = 0; queue < queues_.queues(); ++queue) {
    rte_mempool* pool = pools[queues_.worker_of(queue)]->data_pool();
    int error = rte_eth_rx_queue_setup(ethdev_, queue, receive_size, socket, nullptr, pool);
    if (error != 0) {
      throw device_.failure("receive queue " + std::to_string(queue) +
                            " cannot be set up: " + error_text(error));
    }
    error = rte_eth_tx_queue_setup(ethdev_, queue, transmit_size, socket, nullptr);
    if (error != 0) {
      throw device_.failure("transmit queue " + std::to_string(queue) +
                            " cannot be set up: " + error_text(error));
    }
  }
}

int Port::on_link_event(std::uint16_t /*ethdev*/, rte_eth_event_type /*event*/, void* port,
                        void* /*unused*/) {
  static_cast<Port*>(port)->refresh_link();
  return 0;
}

bool Port::device_link_is_up() const {
  const DeviceName& name = device_.name();
  if (name.kind == DeviceKind::kAfPacket || name.kind == DeviceKind::kAfXdp) {
    const auto interface = find_kernel_interface(name.target);
    return interface && interface->running;
  }
  rte_eth_link link{};
  return rte_eth_link_get_nowait(ethdev_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

bool Port::refresh_link() {
  const std::lock_guard lock(link_mutex_);
  return link_.set(device_link_is_up());
}

DeviceStatistics Port::device_statistics() const {
  rte_eth_stats stats{};
  if (rte_eth_stats_get(ethdev_, &stats) != 0) return {};
  return {stats.ipackets, stats.opackets, stats.imissed,
          stats.ierrors,  stats.oerrors,  stats.rx_nombuf};
}

PortSummary Port::summary() const {
  const Offloads& offloads = properties_.offloads;
  std::vector<std::string_view> hardware;
  std::vector<std::string_view> software;
  const auto list = [&](bool has, std::string_view what) {
    (has ? hardware : software).push_back(what);
  };
  list(offloads.receive_checksum, "rx checksum");
  list(offloads.transmit_checksum, "tx checksum");
  list(offloads.segmentation, "segmentation");
  list(offloads.multi_segment, "buffer chains");

  PortSummary summary;
  summary.device = device_.name().text;
  summary.driver = device_.driver();
  summary.mac = properties_.mac.to_string();
  summary.mtu = std::to_string(properties_.mtu);
  summary.queues = std::to_string(queues_.queues()) + " (worker";
  for (std::uint16_t queue = 0; queue < queues_.queues(); ++queue) {
    summary.queues += ' ' + std::to_string(queues_.worker_of(queue));
  }
  summary.queues += ')';
  summary.hardware = joined(hardware);
  summary.software = joined(software);
  if (workers_ == 1) {
    summary.steering = "one worker";
  } else if (offloads.receive_side_scaling) {
    summary.steering = "RSS, then hand-off";
  } else {
    summary.steering = "hand-off";
  }
  return summary;
}

std::string format_port_table(std::span<const PortSummary> ports) {
  using Member = std::string PortSummary::*;
  constexpr std::pair<const char*, Member> kColumns[] = {
      {"port", &PortSummary::device},
      {"driver", &PortSummary::driver},
      {"MAC", &PortSummary::mac},
      {"MTU", &PortSummary::mtu},
      {"queues", &PortSummary::queues},
      {"in hardware", &PortSummary::hardware},
      {"in software", &PortSummary::software},
      {"steering", &PortSummary::steering},
  };
  std::vector<std::string> lines(ports.size() + 1);
  for (const auto& [title, member] : kColumns) {
    std::size_t width = std::string_view(title).size();
    for (const PortSummary& port : ports) width = std::max(width, (port.*member).size());
    const bool last = member == &PortSummary::steering;
    for (std::size_t line = 0; line < lines.size(); ++line) {
      std::string cell = line == 0 ? title : ports[line - 1].*member;
      if (!last) cell.resize(width + 2, ' ');
      lines[line] += cell;
    }
  }
  std::string table;
  for (const std::string& line : lines) table += line + '\n';
  return table;
}

}  // namespace sluice::port
