#pragma once

#include <memory>

#include "control/config/config.h"
#include "control/config/section.h"

/// The tables of the file, each with its keys; keys.h puts them together.
namespace sluice::control {

Section<ProcessConfig> process_section(const std::shared_ptr<Atlas>& atlas);
Section<AdminConfig> admin_section(const std::shared_ptr<Atlas>& atlas);
Section<IpConfig> ip_section(const std::shared_ptr<Atlas>& atlas);
Section<TcpConfig> tcp_section(const std::shared_ptr<Atlas>& atlas);
Section<ManagementConfig> management_section(const std::shared_ptr<Atlas>& atlas);
Section<AccessLogConfig> access_log_section(const std::shared_ptr<Atlas>& atlas);
Section<InterfaceConfig> interface_section(const std::shared_ptr<Atlas>& atlas);
Section<FrontendConfig> frontend_section(const std::shared_ptr<Atlas>& atlas);
Section<ServerConfig> server_section(const std::shared_ptr<Atlas>& atlas);
Section<BackendConfig> backend_section(const std::shared_ptr<Atlas>& atlas);

}  // namespace sluice::control
