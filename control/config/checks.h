#pragma once

#include "control/certificates/certificate_store.h"
#include "control/config/config.h"
#include "control/config/diagnostics.h"
#include "control/config/use.h"

/// What must be true of a configuration beyond each key's own range. Every fault found is added to
/// the diagnostics; none of these stops at the first.
namespace sluice::control {

/// What nothing works without. Looks only at a configuration without errors: what is missing may
/// have been left out for one.
void check_presence(const Config& config, Use use, Diagnostics& problems);

/// Names: unique where they must be, and those referred to exist. Routes are well-formed and not
/// ambiguous. Works on a configuration that was read with errors.
void check_names(const Config& config, Diagnostics& problems);

/// How servers share the work: keys that go together, and whether any server can do some.
void check_balancing(const Config& config, Diagnostics& problems);

/// Nothing is configured for a mode in which it has no meaning, and every backend is used in one
/// mode. Works on a configuration that was read with errors.
void check_modes(const Config& config, Diagnostics& problems);

/// Redirects and fixed responses: each request has one thing that becomes of it, and URLs, statuses
/// and content are such. Works on a configuration that was read with errors.
void check_answers(const Config& config, Diagnostics& problems);

/// Header fields that are changed: they may be, and names and values are such.
void check_header_edits(const Config& config, Diagnostics& problems);

/// TLS with servers: its keys go together, and names can be names of servers. Works on a
/// configuration that was read with errors.
void check_backend_tls(const Config& config, Diagnostics& problems);

/// Addresses: interfaces and their networks, gateways, what frontends bind, and whether every
/// server can be reached. Devices are well-formed.
void check_network(const Config& config, Diagnostics& problems);

/// The management addresses are different ones.
void check_management(const Config& config, Diagnostics& problems);

/// What the access log is written to, and what is captured, is such.
void check_access_log(const Config& config, Diagnostics& problems);

/// The times of session tickets fit together, and have a meaning.
void check_ticket_times(const Config& config, Diagnostics& problems);

/// The file of ticket keys can be read; that everybody can read it is a warning.
void check_ticket_keys(const Config& config, Diagnostics& problems);

/// TLS of frontends: names of ciphers and groups, and whether anything is left to agree on.
void check_tls(const Config& config, Diagnostics& problems);

/// A group goes with a user.
void check_account_keys(const Config& config, Diagnostics& problems);

/// This machine has the user and the group.
void check_account(const Config& config, Diagnostics& problems);

/// Certificates and keys can be loaded, into `certificates`, and belong together; clients and
/// servers can be verified by the files that are named for it; expiry is a warning.
void check_certificates(const Config& config, CertificateStore& certificates,
                        Diagnostics& problems);

}  // namespace sluice::control
