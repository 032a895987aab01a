#pragma once

#include <span>
#include <string>

#include "control/sessions/flow_names.h"
#include "control/sessions/session_query.h"
#include "dataplane/tcp/connection_view.h"

namespace sluice::control {

/// A connection that was found.
struct FoundSession {
  SessionId id;
  tcp::ConnectionView view;
};

/// A row for each; `more` says that there are others which were not asked for.
std::string list_sessions(std::span<const FoundSession> sessions, bool more, bool json,
                          const FlowNames& names);

/// One connection with everything there is to tell, a line for each thing.
std::string detail_session(const FoundSession& session, bool json, const FlowNames& names);

}  // namespace sluice::control
