#include "control/dataplane.h"

#include <algorithm>
#include <stdexcept>

#include "control/log.h"

namespace sluice::control {
namespace {

std::vector<unsigned> choose_cpus(const Config& config) {
  std::vector<unsigned> cpus;
  for (const auto& cpu : config.process.cpus) cpus.push_back(cpu.value);
  if (!cpus.empty()) return cpus;
  const std::vector<unsigned> allowed = port::allowed_cpus();
  if (allowed.empty()) throw std::runtime_error("the CPUs of this process cannot be found out");
  const std::uint32_t workers = worker_count(config);
  if (workers > allowed.size()) {
    log_warning(std::to_string(workers) + " workers share " + std::to_string(allowed.size()) +
                (allowed.size() == 1 ? " CPU" : " CPUs"));
  }
  for (std::uint32_t worker = 0; worker < workers; ++worker) {
    cpus.push_back(allowed[worker % allowed.size()]);
  }
  return cpus;
}

std::uint32_t share(std::uint32_t total, std::uint32_t workers) {
  return (total + workers - 1) / workers;
}

tcp::StackConfig stack_config(const Config& config, std::uint32_t workers) {
  tcp::StackConfig stack = config.tcp.stack;
  stack.max_connections = share(config.process.max_connections, workers);
  stack.max_half_open = share(stack.max_half_open, workers);
  stack.max_time_wait = share(stack.max_time_wait, workers);
  return stack;
}

worker::InterfaceSettings interface_settings(const InterfaceConfig& config) {
  worker::InterfaceSettings settings;
  settings.name = config.name.value;
  for (const auto& port : config.ports) {
    settings.devices.push_back(port::parse_device_name(port.value));
  }
  for (const auto& address : config.addresses) settings.addresses.push_back(address.value);
  for (const auto& gateway : config.gateways) {
    const bool v4 = gateway.value.is_v4();
    const wire::IpAddress any = v4 ? wire::IpAddress::v4(0, 0, 0, 0) : wire::IpAddress();
    settings.routes.push_back({{any, 0}, gateway.value});
  }
  for (const StaticRouteConfig& route : config.routes) {
    settings.routes.push_back({route.destination.value, route.gateway.value});
  }
  settings.mtu = static_cast<std::uint16_t>(config.mtu.value);
  return settings;
}

worker::FleetSettings fleet_settings(const Config& config, std::uint32_t workers,
                                     const HashKey& flow_key) {
  worker::FleetSettings settings;
  settings.workers = workers;
  for (const InterfaceConfig& interface : config.interfaces) {
    settings.interfaces.push_back(interface_settings(interface));
  }
  settings.ip = config.ip.ip;
  settings.tcp = stack_config(config, workers);
  settings.idle = config.process.idle;
  settings.flow_key = flow_key;
  return settings;
}

std::vector<port::DeviceName> devices_of(const worker::FleetSettings& settings) {
  std::vector<port::DeviceName> devices;
  for (const worker::InterfaceSettings& interface : settings.interfaces) {
    devices.insert(devices.end(), interface.devices.begin(), interface.devices.end());
  }
  return devices;
}

port::HugepageUse hugepage_use(Hugepages hugepages) {
  switch (hugepages) {
    case Hugepages::kUse:
      return port::HugepageUse::kOn;
    case Hugepages::kAvoid:
      return port::HugepageUse::kOff;
    case Hugepages::kAuto:
      break;
  }
  return port::HugepageUse::kAuto;
}

port::EalSettings eal_settings(const Config& config, const std::vector<unsigned>& cpus,
                               const worker::MemoryPlan& memory,
                               const std::vector<port::DeviceName>& devices) {
  port::EalSettings settings;
  settings.worker_cpus = cpus;
  settings.memory_mib = memory.total_mib;
  settings.small_page_memory_mib = memory.total_mib_small_pages;
  settings.hugepages = hugepage_use(config.process.hugepages);
  settings.telemetry = config.process.telemetry;
  for (const port::DeviceName& device : devices) {
    if (device.kind == port::DeviceKind::kPci) settings.pci_addresses.push_back(device.target);
    settings.shares_memory = settings.shares_memory || device.memif_zero_copy;
  }
  for (const auto& argument : config.process.eal) {
    settings.extra_arguments.push_back(argument.value);
  }
  return settings;
}

}  // namespace

std::uint32_t worker_count(const Config& config) {
  const ProcessConfig& process = config.process;
  if (process.workers.value != 0) return process.workers.value;
  if (!process.cpus.empty()) return static_cast<std::uint32_t>(process.cpus.size());
  return std::max<std::uint32_t>(1, static_cast<std::uint32_t>(port::allowed_cpus().size()));
}

Dataplane::Dataplane(const Config& config) : cpus_(choose_cpus(config)) {
  const auto workers = static_cast<std::uint32_t>(cpus_.size());
  worker::FleetSettings settings = fleet_settings(config, workers, random_hash_key());
  const std::vector<port::DeviceName> devices = devices_of(settings);
  memory_ = worker::plan_memory({.workers = workers,
                                 .max_connections = config.process.max_connections,
                                 .buffers_per_worker = config.process.buffers.value},
                                devices);
  settings.buffers_per_worker = memory_.buffers_per_worker;
  eal_ =
      std::make_unique<port::Eal>(eal_settings(config, cpus_, memory_, devices), dpdk_log_sink());
  fleet_ = std::make_unique<worker::Fleet>(settings, &eal_->log());
}

void Dataplane::start(std::span<worker::Application* const> applications) {
  fleet_->start(*eal_, applications);
}

void Dataplane::watch_links() {
  for (const port::PortId id : fleet_->watch_links()) {
    const port::Port& port = *fleet_->ports()[id.index()];
    const std::string message = "port " + port.device_name().text + ": link is ";
    if (port.link().up()) {
      log_info(message + "up");
    } else {
      log_warning(message + "down");
    }
  }
}

std::uint64_t Dataplane::connections() const {
  std::uint64_t connections = 0;
  for (std::uint32_t index = 0; index < fleet_->size(); ++index) {
    connections += fleet_->worker(index).stack().counters().connections.get();
  }
  return connections;
}

std::uint64_t Dataplane::unfinished() const {
  std::uint64_t unfinished = 0;
  for (std::uint32_t index = 0; index < fleet_->size(); ++index) {
    const tcp::Counters& tcp = fleet_->worker(index).stack().counters();
    const std::uint64_t connections = tcp.connections.get();
    unfinished += connections - std::min(connections, tcp.awaiting_fin.get());
  }
  return unfinished;
}

std::string Dataplane::describe() const {
  return fleet_->port_table() + memory_.describe(fleet_->size()) +
         (eal_->hugepages() ? ", in hugepages" : ", without hugepages") + "\n";
}

}  // namespace sluice::control
