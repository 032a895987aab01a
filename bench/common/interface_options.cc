#include "bench/common/interface_options.h"

#include <algorithm>
#include <stdexcept>

#include "control/config/diagnostics.h"
#include "control/config/load.h"

namespace sluice::bench {
namespace {

constexpr std::size_t kMostAddresses = 65536;

// Both families are numbers of 16 bytes.
wire::IpAddress next_address(const wire::IpAddress& address) {
  std::array<std::uint8_t, 16> bytes = address.bytes();
  for (std::size_t i = bytes.size(); i-- > 0;) {
    if (++bytes[i] != 0) break;
  }
  return wire::IpAddress::v6(bytes.data());
}

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument(what);
}

control::Config read_file(const std::string& path) {
  control::Diagnostics problems;
  const auto config = control::load_config(path, problems, control::Use::kNetwork);
  if (!config || !problems.ok()) refuse(problems.format(path));
  return *config;
}

control::InterfaceConfig interface_of(const InterfaceOptions& options) {
  control::InterfaceConfig interface;
  interface.name.value = "bench";
  for (const std::string& device : options.devices) interface.ports.push_back({device, {}});
  for (const std::string& text : options.addresses) {
    for (const wire::Prefix& address : parse_address_range(text)) {
      interface.addresses.push_back({address, {}});
    }
  }
  for (const std::string& text : options.gateways) {
    const auto gateway = wire::IpAddress::parse(text);
    if (!gateway) refuse("--gateway " + text + ": not an IP address");
    interface.gateways.push_back({*gateway, {}});
  }
  return interface;
}

}  // namespace

void InterfaceOptions::add_to(CLI::App& command) {
  const char* group = "Where it runs";
  command.add_option("--device", devices, "Port: a PCI address, af_xdp:IF, memif:PATH, ...")
      ->allow_extra_args(false)
      ->group(group);
  command.add_option("--address", addresses, "Own address or range: A/LEN, A-B/LEN")
      ->allow_extra_args(false)
      ->group(group);
  command.add_option("--gateway", gateways, "Where other networks are reached")
      ->allow_extra_args(false)
      ->group(group);
  command
      .add_option("--config", config_file,
                  "TOML with [[interface]], [ip], [tcp] and, of [sluice], workers, cpus, buffers, "
                  "hugepages and eal")
      ->group(group);
  command.add_option("--workers", workers, "Cores to use (default 1)")
      ->check(CLI::Range(1, 128))
      ->group(group);
  command.add_option("--cpu", cpus, "The CPU of each worker")
      ->allow_extra_args(false)
      ->delimiter(',')
      ->group(group);
  command.add_option("--buffers", buffers, "Packet buffers of each worker (default: calculated)")
      ->group(group);
  command.add_flag("--adaptive", adaptive, "Sleep when idle instead of polling")->group(group);
  command.add_flag("--share-cpu", share_cpu, "The same, for programs that share a CPU")
      ->group(group);
}

// What is given as an option goes before what is in the file.
void InterfaceOptions::choose_cpus(control::ProcessConfig& process) const {
  if (!cpus.empty() || workers != 0) process.cpus.clear();
  for (const std::uint32_t cpu : cpus) process.cpus.push_back({cpu, {}});
  if (!process.cpus.empty()) {
    process.workers.value = static_cast<std::uint32_t>(process.cpus.size());
  } else if (workers != 0) {
    process.workers.value = workers;
  }
  if (process.workers.value == 0) process.workers.value = 1;
}

control::Config InterfaceOptions::config(std::uint32_t connections) const {
  control::Config config;
  if (!config_file.empty()) {
    config = read_file(config_file);
  } else {
    if (devices.empty()) refuse("--device is missing: which port?");
    if (addresses.empty()) refuse("--address is missing: which address of its own?");
    config.interfaces.push_back(interface_of(*this));
    config.tcp.stack.max_half_open = std::max<std::uint32_t>(16384, connections / 4);
    config.tcp.stack.max_time_wait = std::uint32_t{1} << 20;
  }
  control::ProcessConfig& process = config.process;
  choose_cpus(process);
  if (buffers != 0) process.buffers.value = buffers;
  process.max_connections = connections;
  process.idle = share_cpu  ? worker::IdleMode::kSharing
                 : adaptive ? worker::IdleMode::kAdaptive
                            : worker::IdleMode::kPoll;
  process.log_level = control::LogLevel::kWarning;
  return config;
}

std::vector<wire::Prefix> parse_address_range(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::size_t dash = text.find('-');
  const std::string wanted = "--address " + text + ": expected ADDRESS/LENGTH or FIRST-LAST/LENGTH";
  if (slash == std::string::npos) refuse(wanted);
  const std::string first_text = text.substr(0, std::min(dash, slash));
  const auto first = wire::Prefix::parse(first_text + text.substr(slash));
  if (!first) refuse(wanted);
  std::vector<wire::Prefix> range = {*first};
  if (dash == std::string::npos) return range;
  const auto last = wire::IpAddress::parse(text.substr(dash + 1, slash - dash - 1));
  if (!last || last->is_v4() != first->address.is_v4()) refuse(wanted);
  while (!(range.back().address == *last)) {
    if (range.size() == kMostAddresses) refuse("--address " + text + ": more than 65536 addresses");
    range.push_back({next_address(range.back().address), first->length});
  }
  return range;
}

std::vector<wire::IpAddress> own_addresses(const control::Config& config) {
  std::vector<wire::IpAddress> addresses;
  for (const control::InterfaceConfig& interface : config.interfaces) {
    for (const auto& address : interface.addresses) addresses.push_back(address.value.address);
  }
  return addresses;
}

bool directly_attached(const control::Config& config, const wire::IpAddress& address) {
  return std::ranges::any_of(config.interfaces, [&](const control::InterfaceConfig& interface) {
    return std::ranges::any_of(interface.addresses,
                               [&](const auto& own) { return own.value.contains(address); });
  });
}

}  // namespace sluice::bench
