#pragma once

#include <memory>
#include <optional>
#include <string>

#include "control/admin/command_table.h"
#include "control/admin/sockets.h"
#include "control/certificates/expiry_watch.h"
#include "control/checked_file.h"
#include "control/config/config.h"
#include "control/engine.h"
#include "control/key_log/key_log.h"
#include "control/management/management_listeners.h"
#include "control/management/management_server.h"
#include "control/management/report_desk.h"
#include "control/monitor.h"
#include "control/reload/reloader.h"
#include "control/service/rights.h"
#include "control/service/service_manager.h"
#include "control/service/watchdog.h"
#include "control/settings_builder.h"
#include "control/signal_queue.h"
#include "control/telemetry.h"
#include "control/tickets/ticket_keeper.h"

namespace sluice::control {

/// The running program: all that it consists of, in the order in which it is made. What comes later
/// uses what came before, and goes first.
class Appliance {
 public:
  /// Opens files and sockets, then, when nothing else can go wrong any more, devices. No worker
  /// runs yet. `checked` is good, and what `path` held. Throws std::exception with a message for
  /// the operator.
  Appliance(std::string path, CheckedFile checked);
  Appliance(const Appliance&) = delete;
  Appliance& operator=(const Appliance&) = delete;

  /// Gives up all rights that are not needed any more, sets the workers going, and returns when the
  /// process is to end.
  void run();
  /// Ends the workers. False when one of them does not end: its thread still uses what would be
  /// taken down.
  [[nodiscard]] bool end() { return engine_.end(); }

 private:
  // What the management address shows, and who shows it.
  struct Management {
    Management(ManagementListeners listeners, Monitor& monitor,
               const CertificateStore& certificates);

    ReportDesk desk;
    ManagementServer server;
  };

  void tell_of_devices() const;
  void publish(http::Settings next, const Config& changed);
  void add_observing_commands();
  void add_changing_commands();
  void open_telemetry();
  void reduce_rights() const;
  void open_management();
  void tell_of_reload(bool under_way) const;
  void turn();

  const Config config_;  // of the start
  ServiceManager service_;
  Watchdog watchdog_;
  const Rights rights_;
  const SignalQueue signals_;
  const std::unique_ptr<KeyLog> key_log_;
  TicketKeeper tickets_;
  SettingsBuilder builder_;
  http::Settings first_;  // made before the devices are, and published when they are
  CommandTable commands_;
  AdminSockets admin_;
  ManagementListeners listeners_;
  Engine engine_;
  Monitor monitor_;
  Reloader reloader_;
  ExpiryWatch expiry_;
  std::optional<Telemetry> telemetry_;
  std::optional<Management> management_;
};

}  // namespace sluice::control
