#pragma once

#include <vector>

#include "control/admin/unix_socket.h"
#include "dataplane/wire/ip_address.h"

namespace sluice::control {

/// The kernel's sockets that listen on the management addresses.
class ManagementListeners {
 public:
  /// Throws std::runtime_error with a message for the operator.
  explicit ManagementListeners(const std::vector<wire::Endpoint>& addresses);

  [[nodiscard]] const std::vector<FileDescriptor>& sockets() const { return sockets_; }
  /// The addresses, with the ports that the kernel has chosen for port 0.
  [[nodiscard]] std::vector<wire::Endpoint> addresses() const;

 private:
  std::vector<FileDescriptor> sockets_;
};

}  // namespace sluice::control
