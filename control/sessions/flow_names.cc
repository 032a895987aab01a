#include "control/sessions/flow_names.h"

namespace sluice::control {

FlowNames::FlowNames(const http::Settings& settings) {
  for (const auto& frontend : settings.frontends) {
    if (!frontend) continue;
    for (const wire::Endpoint& bind : frontend->bind) {
      const std::string name = "frontend " + frontend->name;
      if (bind.address.is_unspecified()) {
        frontends_of_every_address_.emplace(bind.port, name);
      } else {
        frontends_.emplace(Place{bind.address, bind.port}, name);
      }
    }
  }
  for (const auto& backend : settings.backends) {
    if (!backend) continue;
    for (const http::Server& server : backend->servers) {
      servers_.emplace(Place{server.address.address, server.address.port},
                       "server " + backend->name + "/" + server.name);
    }
  }
}

const std::string& FlowNames::of(const wire::FlowKey& flow) const {
  static const std::string nothing;
  if (const auto at = frontends_.find({flow.local, flow.local_port}); at != frontends_.end()) {
    return at->second;
  }
  if (const auto at = servers_.find({flow.remote, flow.remote_port}); at != servers_.end()) {
    return at->second;
  }
  const auto at = frontends_of_every_address_.find(flow.local_port);
  return at == frontends_of_every_address_.end() ? nothing : at->second;
}

}  // namespace sluice::control
