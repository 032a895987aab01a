#include "bench/common/option_values.h"

#include <charconv>
#include <cmath>
#include <stdexcept>

#include "control/config/quantity.h"

namespace sluice::bench {
namespace {

[[noreturn]] void refuse(const std::string& option, const std::string& text,
                         const std::string& expected) {
  throw std::invalid_argument(option + " " + text + ": expected " + expected);
}

}  // namespace

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string::npos) return parts;
    begin = end + 1;
  }
}

double parse_rate(const std::string& option, const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string unit(end, text.data() + text.size());
  const double factor = unit.empty()  ? 1
                        : unit == "k" ? 1e3
                        : unit == "M" ? 1e6
                        : unit == "G" ? 1e9
                                      : 0;
  if (error != std::errc() || factor == 0 || !(value >= 0) || value * factor > 1e15) {
    refuse(option, text, "a number, with k, M or G for powers of a thousand");
  }
  return value * factor;
}

std::uint64_t parse_number(const std::string& option, const std::string& text) {
  const double value = parse_rate(option, text);
  if (value != std::floor(value)) refuse(option, text, "a whole number");
  return static_cast<std::uint64_t>(value);
}

Duration parse_time(const std::string& option, const std::string& text) {
  const auto time = control::parse_duration(text);
  if (!time) refuse(option, text, "a time with its unit, like 30s or 250ms");
  return *time;
}

std::pair<std::uint64_t, std::uint64_t> parse_range(const std::string& option,
                                                    const std::string& text) {
  const std::vector<std::string> ends = split(text, '-');
  if (ends.size() > 2) refuse(option, text, "N or N-M");
  const std::uint64_t first = parse_number(option, ends.front());
  const std::uint64_t last = parse_number(option, ends.back());
  if (last < first) refuse(option, text, "the smaller number first");
  return {first, last};
}

std::vector<std::pair<std::uint64_t, std::uint32_t>> parse_shares(const std::string& option,
                                                                  const std::string& text) {
  constexpr std::uint64_t kMostWeight = 10'000;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> shares;
  for (const std::string& part : split(text, ',')) {
    const std::vector<std::string> pair = split(part, ':');
    if (pair.size() > 2) refuse(option, text, "VALUE:WEIGHT,...");
    const std::uint64_t weight = pair.size() == 2 ? parse_number(option, pair[1]) : 1;
    if (weight == 0 || weight > kMostWeight) refuse(option, text, "weights from 1 to 10000");
    shares.emplace_back(parse_number(option, pair[0]), static_cast<std::uint32_t>(weight));
  }
  return shares;
}

std::vector<wire::Endpoint> parse_listen(const std::vector<std::string>& entries,
                                         std::uint16_t port,
                                         const std::vector<wire::IpAddress>& own) {
  std::vector<wire::Endpoint> listen;
  const auto everywhere = [&](std::uint16_t on) {
    for (const wire::IpAddress& address : own) listen.push_back({address, on});
  };
  for (const std::string& entry : entries) {
    if (const auto endpoint = wire::Endpoint::parse(entry)) {
      listen.push_back(*endpoint);
      continue;
    }
    const std::uint64_t number = parse_number("--listen", entry);
    if (number == 0 || number > 65535) refuse("--listen", entry, "a port or ADDRESS:PORT");
    everywhere(static_cast<std::uint16_t>(number));
  }
  if (entries.empty()) everywhere(port);
  return listen;
}

tls::RecordLayer parse_record_layer(const std::string& option, const std::string& text) {
  if (text == "own") return tls::RecordLayer::kOwn;
  if (text == "openssl") return tls::RecordLayer::kOpenSsl;
  refuse(option, text, "own or openssl");
}

std::vector<std::shared_ptr<const tls::ServerIdentity>> load_identities(
    const std::vector<std::string>& paths, std::uint32_t workers, tls::IdentityOptions options) {
  std::vector<tls::CertificateSource> sources;
  for (const std::string& path : paths) {
    const auto found = tls::find_certificates(path);
    sources.insert(sources.end(), found.begin(), found.end());
  }
  const auto certificates = tls::load_certificate_set(sources, workers);
  std::vector<std::shared_ptr<const tls::ServerIdentity>> identities;
  for (options.worker = 0; options.worker < workers; ++options.worker) {
    identities.push_back(std::make_shared<const tls::ServerIdentity>(certificates, options));
  }
  return identities;
}

}  // namespace sluice::bench
