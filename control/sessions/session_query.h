#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/tcp/connection.h"
#include "dataplane/wire/ip_address.h"

namespace sluice::control {

/// What an operator names a connection by: its worker, its place there, and a mark that another
/// connection in the same place does not have. "0.17.9f3c"
struct SessionId {
  std::uint32_t worker = 0;
  std::uint32_t place = 0;
  std::uint16_t mark = 0;

  static SessionId of(std::uint32_t worker, std::uint32_t place, const tcp::Connection& connection);
  static std::optional<SessionId> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const SessionId&, const SessionId&) = default;
};

/// What `show sess` was asked for.
struct SessionQuery {
  static constexpr std::size_t kDefaultLimit = 100;
  static constexpr std::size_t kLargestLimit = 10'000;
  static constexpr std::string_view kArguments =
      "[<id>] [remote <network>] [remote-port <n>] [local <network>] [local-port <n>] "
      "[state <state>] [limit <n>] [json]";

  std::optional<SessionId> id;  ///< this one alone, in detail
  std::optional<wire::Prefix> remote;
  std::optional<wire::Prefix> local;
  std::optional<std::uint16_t> remote_port;
  std::optional<std::uint16_t> local_port;
  std::optional<tcp::State> state;
  std::size_t limit = kDefaultLimit;
  bool json = false;

  /// Nothing when the arguments are not understood; then `problem` says why.
  static std::optional<SessionQuery> parse(std::span<const std::string> arguments,
                                           std::string& problem);

  /// Whether a connection is among those asked for, apart from its id.
  [[nodiscard]] bool matches(const wire::FlowKey& flow, tcp::State its_state) const;

 private:
  bool set(std::string_view name, const std::string& value);
};

}  // namespace sluice::control
