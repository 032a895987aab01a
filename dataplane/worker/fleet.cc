#include "dataplane/worker/fleet.h"

#include <algorithm>

namespace sluice::worker {

Fleet::Fleet(const FleetSettings& settings, port::DpdkLog* log)
    : environment_(settings.workers, log),
      quiescence_(settings.workers),
      unmapping_guard_(quiescence_) {
  open_ports(settings);
  make_pools(settings);
  start_ports();
  make_workers(settings);
}

// Ports of few queues are dealt out round the workers, so that not all are polled by the first.
void Fleet::open_ports(const FleetSettings& settings) {
  std::uint32_t next_worker = 0;
  for (const InterfaceSettings& interface : settings.interfaces) {
    for (const port::DeviceName& device : interface.devices) {
      const port::PortId id(static_cast<port::PortId::rep>(ports_.size()));
      ports_.push_back(std::make_unique<port::Port>(id, device, next_worker, environment_, links_));
      port_pointers_.push_back(ports_.back().get());
      next_worker = (next_worker + ports_.back()->queues().queues()) % settings.workers;
    }
  }
}

void Fleet::make_pools(const FleetSettings& settings) {
  for (std::uint32_t worker = 0; worker < settings.workers; ++worker) {
    pools_.push_back(std::make_unique<PacketPool>("worker" + std::to_string(worker),
                                                  settings.buffers_per_worker));
  }
  if (settings.workers == 1) return;
  for (const auto& pool : pools_) {
    std::vector<const PacketPool*> others;
    for (const auto& other : pools_) {
      if (other != pool) others.push_back(other.get());
    }
    pool->fed_by(std::move(others));
  }
  received_ = std::make_unique<port::HandOffMesh>("rx", settings.workers);
  transmitted_ = std::make_unique<port::HandOffMesh>("tx", settings.workers);
}

void Fleet::start_ports() {
  std::vector<PacketPool*> pools;
  pools.reserve(pools_.size());
  for (const auto& pool : pools_) pools.push_back(pool.get());
  for (const auto& port : ports_) port->start(pools);
}

std::vector<ip::InterfaceConfig> Fleet::interface_configs(const FleetSettings& settings) const {
  std::vector<ip::InterfaceConfig> configs;
  std::size_t next_port = 0;
  for (const InterfaceSettings& interface : settings.interfaces) {
    ip::InterfaceConfig config{interface.name, {}, interface.addresses, interface.routes};
    for (std::size_t i = 0; i < interface.devices.size(); ++i) {
      port::LinkProperties link = ports_[next_port++]->properties();
      if (interface.mtu != 0) link.mtu = std::min(link.mtu, interface.mtu);
      config.ports.push_back(link);
    }
    configs.push_back(std::move(config));
  }
  return configs;
}

void Fleet::make_workers(const FleetSettings& settings) {
  const std::vector<ip::InterfaceConfig> configs = interface_configs(settings);
  const Surroundings surroundings{.ports = port_pointers_,
                                  .links = links_,
                                  .received = received_.get(),
                                  .transmitted = transmitted_.get(),
                                  .timeline = TscTimeline::starting_now(),
                                  .flow_key = settings.flow_key,
                                  .quiescence = quiescence_.get()};
  for (std::uint32_t index = 0; index < settings.workers; ++index) {
    const WorkerSettings worker{.index = index,
                                .count = settings.workers,
                                .interfaces = configs,
                                .ip = settings.ip,
                                .tcp = settings.tcp,
                                .idle = settings.idle};
    workers_.push_back(std::make_unique<Worker>(worker, surroundings, *pools_[index]));
  }
}

// Devices are closed while the pools that their queues use still exist.
Fleet::~Fleet() = default;

std::string Fleet::port_table() const {
  std::vector<port::PortSummary> summaries;
  summaries.reserve(ports_.size());
  for (const auto& port : ports_) summaries.push_back(port->summary());
  return port::format_port_table(summaries);
}

std::vector<std::string> Fleet::warnings() const {
  std::vector<std::string> all;
  for (const auto& port : ports_) {
    all.insert(all.end(), port->warnings().begin(), port->warnings().end());
  }
  return all;
}

void Fleet::start(port::Eal& eal, std::span<Application* const> applications) {
  for (std::uint32_t index = 0; index < size(); ++index) {
    Application& application = *applications[index];
    eal.launch(index, [this, index, &application] { workers_[index]->run(application); });
  }
}

void Fleet::stop() {
  for (const auto& worker : workers_) worker->stop();
}

std::vector<port::PortId> Fleet::watch_links() {
  std::vector<port::PortId> changed;
  links_seen_up_.resize(ports_.size());
  for (const auto& port : ports_) {
    port->refresh_link();
    const bool up = port->link().up();
    if (links_seen_up_[port->id().index()] == up) continue;
    links_seen_up_[port->id().index()] = up;
    changed.push_back(port->id());
  }
  return changed;
}

}  // namespace sluice::worker
