#pragma once

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "control/admin/unix_socket.h"
#include "control/management/http_session.h"
#include "control/management/management_listeners.h"
#include "control/management/report_desk.h"

namespace sluice::control {

/// The management address: HTTP on kernel sockets, served by one thread of its own, so that a
/// scrape is written and sent without the control thread, which only hands it a report.
///
/// A client cannot hold up another: nothing waits, and each has a bounded time for what it does. Of
/// too many, the one that has been idle for longest makes room, and without any the newcomer is
/// turned away.
class ManagementServer {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr std::size_t kMostClients = 64;

  struct Times {
    std::chrono::milliseconds request{5'000};  ///< for a whole request, from its first byte on
    std::chrono::milliseconds report{5'000};   ///< for a report; then the client gets 503
    std::chrono::milliseconds answer{30'000};  ///< for a client to take an answer
    std::chrono::milliseconds idle{120'000};   ///< between two requests
  };

  /// Serves from now on. `desk` outlives it. Throws std::runtime_error or std::system_error when
  /// the machine has no file descriptor or thread left.
  ManagementServer(ManagementListeners listeners, ReportDesk& desk);
  ManagementServer(ManagementListeners listeners, ReportDesk& desk, Times times);
  /// Ends every connection, and the thread.
  ~ManagementServer();
  ManagementServer(const ManagementServer&) = delete;
  ManagementServer& operator=(const ManagementServer&) = delete;

 private:
  struct Client {
    FileDescriptor socket;
    HttpSession session;
    Clock::time_point deadline;
    bool waits = false;  // for a report
    bool gone = false;
  };

  void run();
  void wait();
  void accept_from(const FileDescriptor& listener, Clock::time_point now);
  void make_room();
  void serve(Client& client, short events, Clock::time_point now);
  void read_from(Client& client, Clock::time_point now);
  void answer(Client& client, Clock::time_point now);
  void write_to(Client& client, Clock::time_point now);
  void hand_out(Clock::time_point now);
  void expire(Client& client, Clock::time_point now);

  ReportDesk& desk_;
  Times times_;
  ManagementListeners listeners_;
  FileDescriptor end_event_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<pollfd> waits_;
  std::thread thread_;
};

}  // namespace sluice::control
