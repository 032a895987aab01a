#include "dataplane/port/device_name.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <numeric>
#include <vector>

namespace sluice::port {
namespace {

struct KindWord {
  std::string_view word;
  DeviceKind kind;
};

constexpr std::array<KindWord, 6> kKinds{{
    {"af_xdp", DeviceKind::kAfXdp},
    {"af_packet", DeviceKind::kAfPacket},
    {"tap", DeviceKind::kTap},
    {"memif", DeviceKind::kMemif},
    {"vhost-user", DeviceKind::kVhostUser},
    {"ring", DeviceKind::kRing},
}};

constexpr std::uint16_t kLeastMtu = 576;      // as for the MTU of an interface
constexpr std::uint16_t kLargestMtu = 65535;  // of an IP packet

constexpr std::size_t kInterfaceNameLimit = 15;  // IFNAMSIZ without the terminator
constexpr std::size_t kSocketPathLimit = 107;    // sockaddr_un::sun_path without the terminator
constexpr std::size_t kRingNameLimit = 12;       // leaves room for DPDK's prefixes

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw DeviceNameError("\"" + std::string(text) + "\": " + why);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool all_of(std::string_view text, std::string_view also_allowed) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           also_allowed.find(c) != std::string_view::npos;
  });
}

// Levenshtein's: how many letters must be changed, added or left out.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
    }
  }
  return row.back();
}

// Of an unknown word from a known one: the beginning of a word is close to it.
std::size_t difference(std::string_view word, std::string_view known) {
  if (word.size() >= 3 && known.substr(0, word.size()) == word) return 1;
  return edit_distance(word, known);
}

std::string known_kinds() {
  std::string text;
  for (const KindWord& entry : kKinds) text += std::string(entry.word) + ":..., ";
  return text + "or a PCI address such as 0000:3b:00.0";
}

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && std::all_of(text.begin(), text.end(), [](char c) {
           return std::isxdigit(static_cast<unsigned char>(c)) != 0;
         });
}

// "[DOMAIN:]BUS:DEVICE.FUNCTION" with the domain filled in, or nothing.
std::optional<std::string> pci_address(std::string_view text) {
  std::vector<std::string_view> parts = split(text, ':');
  if (parts.size() == 2) parts.insert(parts.begin(), "0000");
  if (parts.size() != 3 || !is_hex(parts[0], 4) || !is_hex(parts[1], 2)) return {};
  const std::string_view place = parts[2];
  if (place.size() != 4 || !is_hex(place.substr(0, 2), 2) || place[2] != '.') return {};
  if (place[3] < '0' || place[3] > '7') return {};
  std::string address =
      std::string(parts[0]) + ':' + std::string(parts[1]) + ':' + std::string(place);
  std::transform(address.begin(), address.end(), address.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return address;
}

template <typename Number>
Number parse_number(std::string_view text, std::string_view option, std::string_view value,
                    Number least, Number most) {
  Number number{};
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || number < least ||
      number > most) {
    refuse(text, std::string(option) + " must be a number from " + std::to_string(least) + " to " +
                     std::to_string(most) + ", not \"" + std::string(value) + "\"");
  }
  return number;
}

MemifRole parse_role(std::string_view text, std::string_view value) {
  if (value == "server") return MemifRole::kServer;
  if (value == "client") return MemifRole::kClient;
  refuse(text, "role must be server (Sluice makes the socket) or client, not \"" +
                   std::string(value) + "\"");
}

bool parse_yes(std::string_view text, std::string_view option, std::string_view value) {
  if (value != "yes" && value != "no") {
    refuse(text, std::string(option) + " must be yes or no, not \"" + std::string(value) + "\"");
  }
  return value == "yes";
}

wire::MacAddress parse_mac(std::string_view text, std::string_view value) {
  const auto mac = wire::MacAddress::parse(value);
  if (!mac) {
    refuse(text, "mac must look like 02:00:00:00:00:01, not \"" + std::string(value) + "\"");
  }
  if (mac->is_multicast() || *mac == wire::MacAddress{}) {
    refuse(text, "mac must be a unicast address, and " + std::string(value) + " is not");
  }
  return *mac;
}

bool chooses_mac(DeviceKind kind) {
  return kind == DeviceKind::kTap || kind == DeviceKind::kMemif || kind == DeviceKind::kVhostUser ||
         kind == DeviceKind::kRing;
}

std::string known_options(DeviceKind kind) {
  std::string text = "queues=N";
  if (kind == DeviceKind::kMemif) {
    text += ", role=server|client, id=N, mtu=N, zero-copy=yes|no, checksums=yes|no";
  }
  if (chooses_mac(kind)) text += ", mac=ADDRESS";
  return text;
}

void read_option(DeviceName& device, std::string_view option) {
  const std::size_t equals = option.find('=');
  const std::string_view key = option.substr(0, equals);
  const std::string_view value =
      equals == std::string_view::npos ? std::string_view{} : option.substr(equals + 1);
  if (key == "queues") {
    device.queues =
        parse_number<std::uint16_t>(device.text, key, value, 1, DeviceName::kMaximumQueues);
  } else if (key == "role" && device.kind == DeviceKind::kMemif) {
    device.role = parse_role(device.text, value);
  } else if (key == "id" && device.kind == DeviceKind::kMemif) {
    device.memif_id = parse_number<std::uint32_t>(device.text, key, value, 0, 0xffffffffU);
  } else if (key == "mtu" && device.kind == DeviceKind::kMemif) {
    device.memif_mtu = parse_number<std::uint16_t>(device.text, key, value, kLeastMtu, kLargestMtu);
  } else if (key == "zero-copy" && device.kind == DeviceKind::kMemif) {
    device.memif_zero_copy = parse_yes(device.text, key, value);
  } else if (key == "checksums" && device.kind == DeviceKind::kMemif) {
    device.memif_checksums = parse_yes(device.text, key, value);
  } else if (key == "mac" && chooses_mac(device.kind)) {
    device.mac = parse_mac(device.text, value);
  } else {
    refuse(device.text, "unknown option \"" + std::string(option) + "\"; a " +
                            std::string(to_string(device.kind)) + " device takes " +
                            known_options(device.kind));
  }
}

void check_interface(const DeviceName& device) {
  if (device.target.empty()) refuse(device.text, "the interface's name is missing");
  if (device.target.size() > kInterfaceNameLimit) {
    refuse(device.text, "an interface's name has at most 15 characters");
  }
  if (!all_of(device.target, "._-@") || device.target == "." || device.target == "..") {
    refuse(device.text, "\"" + device.target + "\" cannot be the name of an interface");
  }
}

void check_socket_path(const DeviceName& device) {
  if (device.target.empty() || device.target.back() == '/') {
    refuse(device.text, "the path of the socket is missing");
  }
  if (device.target.front() != '/') {
    refuse(device.text,
           "the path of the socket must be absolute, such as /run/sluice/" + device.target);
  }
  if (device.target.size() > kSocketPathLimit) {
    refuse(device.text, "the path of a socket has at most 107 characters");
  }
  // DPDK reads the path from a list of "key=value" and has no way to quote.
  if (!all_of(device.target, "/._-+@:")) {
    refuse(device.text, "the path of the socket may hold letters, digits and /._-+@: only");
  }
}

// Its client makes the memory.
void check_zero_copy(const DeviceName& device) {
  if (device.memif_zero_copy && device.role != MemifRole::kClient) {
    refuse(device.text, "zero-copy is for role=client, whose memory is shared");
  }
}

void check_ring_name(const DeviceName& device) {
  if (device.target.empty() || device.target.size() > kRingNameLimit ||
      !all_of(device.target, "._-")) {
    refuse(device.text, "a ring's name is 1 to 12 letters, digits or ._-");
  }
}

void check_target(const DeviceName& device) {
  switch (device.kind) {
    case DeviceKind::kAfXdp:
    case DeviceKind::kAfPacket:
    case DeviceKind::kTap:
      return check_interface(device);
    case DeviceKind::kMemif:
    case DeviceKind::kVhostUser:
      return check_socket_path(device);
    case DeviceKind::kRing:
      return check_ring_name(device);
    case DeviceKind::kPci:
      return;
  }
}

[[noreturn]] void refuse_kind(std::string_view text, std::string_view word, bool has_colon) {
  if (!has_colon) {
    const std::string name(word);
    if (word.empty()) refuse(text, "the device is missing; known are " + known_kinds());
    if (word.front() == '/') {
      refuse(text,
             "is it a socket? Then write \"vhost-user:" + name + "\" or \"memif:" + name + "\"");
    }
    refuse(text, "the kind of device is missing; for a kernel interface write \"af_xdp:" + name +
                     "\" or \"af_packet:" + name + "\"");
  }
  const auto* nearest =
      std::min_element(kKinds.begin(), kKinds.end(), [&](const KindWord& a, const KindWord& b) {
        return difference(word, a.word) < difference(word, b.word);
      });
  std::string why = "unknown kind of device \"" + std::string(word) + "\"";
  if (difference(word, nearest->word) <= 1 + nearest->word.size() / 3) {
    why += "; did you mean \"" + std::string(nearest->word) + "\"?";
  } else {
    why += "; known are " + known_kinds();
  }
  refuse(text, why);
}

}  // namespace

std::string_view to_string(DeviceKind kind) {
  for (const KindWord& entry : kKinds) {
    if (entry.kind == kind) return entry.word;
  }
  return "pci";
}

DeviceName parse_device_name(std::string_view text) {
  DeviceName device;
  device.text = std::string(text);
  const std::vector<std::string_view> parts = split(text, ',');
  const std::string_view name = parts.front();

  if (auto address = pci_address(name)) {
    device.kind = DeviceKind::kPci;
    device.target = std::move(*address);
  } else {
    const std::size_t colon = name.find(':');
    const std::string_view word = name.substr(0, colon);
    const auto* entry = std::find_if(kKinds.begin(), kKinds.end(),
                                     [&](const KindWord& kind) { return kind.word == word; });
    if (entry == kKinds.end()) refuse_kind(text, word, colon != std::string_view::npos);
    if (colon == std::string_view::npos) {
      refuse(text,
             "what follows the kind of device is missing; write \"" + std::string(word) + ":...\"");
    }
    device.kind = entry->kind;
    device.target = std::string(name.substr(colon + 1));
    check_target(device);
  }
  for (std::size_t i = 1; i < parts.size(); ++i) read_option(device, parts[i]);
  check_zero_copy(device);
  return device;
}

}  // namespace sluice::port
