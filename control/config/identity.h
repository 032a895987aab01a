#pragma once

#include <string>

#include "control/config/config.h"

/// By what a table of a list is known when a file has changed around it.
namespace sluice::control {

template <typename T>
requires requires(const T& table) {
  table.name.value;
}
std::string identity_of(const T& table) {
  return table.name.value;
}

inline std::string identity_of(const StaticRouteConfig& route) {
  return route.destination.value.to_string();
}

inline std::string identity_of(const AdminConfig& admin) {
  return admin.socket.value;
}

inline std::string identity_of(const RouteConfig& route) {
  const std::string place = route.host.value + route.path.value;
  return place.empty() ? "*" : place;
}

}  // namespace sluice::control
