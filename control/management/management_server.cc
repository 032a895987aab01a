#include "control/management/management_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "control/management/pages.h"

namespace sluice::control {
namespace {

// A socket that cannot be accepted from (no file descriptors) is looked at again so soon.
constexpr int kLongestWait = 250;

void turn_on(const FileDescriptor& socket, int level, int option) {
  const int on = 1;
  ::setsockopt(socket.get(), level, option, &on, sizeof on);
}

}  // namespace

ManagementServer::ManagementServer(ManagementListeners listeners, ReportDesk& desk)
    : ManagementServer(std::move(listeners), desk, Times()) {}

ManagementServer::ManagementServer(ManagementListeners listeners, ReportDesk& desk, Times times)
    : desk_(desk),
      times_(times),
      listeners_(std::move(listeners)),
      end_event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!end_event_) throw std::runtime_error(std::string("no eventfd: ") + std::strerror(errno));
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "management");
}

ManagementServer::~ManagementServer() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(end_event_.get(), &one, sizeof one));
  thread_.join();
}

void ManagementServer::run() {
  for (;;) {
    wait();
    const Clock::time_point now = Clock::now();
    if (waits_[0].revents != 0) return;
    if (waits_[1].revents != 0) hand_out(now);
    const std::vector<FileDescriptor>& listeners = listeners_.sockets();
    const std::size_t first_client = 2 + listeners.size();
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      serve(*clients_[i], waits_[first_client + i].revents, now);
    }
    std::erase_if(clients_, [](const auto& client) { return client->gone; });
    for (std::size_t i = 0; i < listeners.size(); ++i) {
      if (waits_[2 + i].revents != 0) accept_from(listeners[i], now);
    }
  }
}

void ManagementServer::wait() {
  waits_.assign({{end_event_.get(), POLLIN, 0}, {desk_.made_fd(), POLLIN, 0}});
  for (const FileDescriptor& listener : listeners_.sockets()) {
    waits_.push_back({listener.get(), POLLIN, 0});
  }
  for (const auto& client : clients_) {
    short events = 0;
    if (client->session.wants_input()) events = POLLIN;
    if (!client->session.output().empty()) events = POLLOUT;
    waits_.push_back({client->socket.get(), events, 0});
  }
  if (::poll(waits_.data(), waits_.size(), kLongestWait) >= 0) return;
  for (pollfd& found : waits_) found.revents = 0;  // EINTR: what is ready will be ready again
}

void ManagementServer::accept_from(const FileDescriptor& listener, Clock::time_point now) {
  for (;;) {
    FileDescriptor socket(
        ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) return;
    if (clients_.size() >= kMostClients) make_room();
    if (clients_.size() >= kMostClients) continue;  // closed: all others are at work
    turn_on(socket, IPPROTO_TCP, TCP_NODELAY);
    auto client = std::make_unique<Client>();
    client->socket = std::move(socket);
    client->deadline = now + times_.request;
    clients_.push_back(std::move(client));
  }
}

void ManagementServer::make_room() {
  auto longest = clients_.end();
  for (auto at = clients_.begin(); at != clients_.end(); ++at) {
    if (!(*at)->session.idle()) continue;
    if (longest == clients_.end() || (*at)->deadline < (*longest)->deadline) longest = at;
  }
  if (longest != clients_.end()) clients_.erase(longest);
}

void ManagementServer::serve(Client& client, short events, Clock::time_point now) {
  if ((events & (POLLIN | POLLHUP)) != 0 && client.session.wants_input()) read_from(client, now);
  if (client.session.request() && !client.waits) answer(client, now);
  if (!client.session.output().empty()) write_to(client, now);
  if ((events & (POLLERR | POLLNVAL)) != 0 || client.session.finished()) client.gone = true;
  if (now >= client.deadline) expire(client, now);
}

void ManagementServer::read_from(Client& client, Clock::time_point now) {
  char bytes[4096];
  const bool first = client.session.idle();
  const ssize_t size = ::recv(client.socket.get(), bytes, sizeof bytes, 0);
  if (size > 0) {
    if (first) client.deadline = now + times_.request;
    client.session.receive({bytes, static_cast<std::size_t>(size)});
    if (!client.session.output().empty()) client.deadline = now + times_.answer;
  } else if (size == 0) {
    client.session.end_of_input();
  } else if (errno != EAGAIN && errno != EINTR) {
    client.gone = true;
  }
}

void ManagementServer::answer(Client& client, Clock::time_point now) {
  const PageRequest& request = *client.session.request();
  if (needs_report(request)) {
    client.waits = true;
    client.deadline = now + times_.report;
    desk_.want();
    return;
  }
  client.session.answer(page_without_report(request, {desk_.silence(), desk_.stopping()}));
  client.deadline = now + times_.answer;
}

// Sends what the client's buffer has room for. A request that waited behind the answer is next.
void ManagementServer::write_to(Client& client, Clock::time_point now) {
  while (!client.session.output().empty()) {
    const std::string_view bytes = client.session.output();
    const ssize_t size = ::send(client.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size < 0) {
      if (errno != EAGAIN && errno != EINTR) client.gone = true;
      return;
    }
    client.session.sent(static_cast<std::size_t>(size));
  }
  client.deadline = now + times_.idle;
  if (client.session.request()) answer(client, now);
}

// Who has asked since the report was begun gets it as well: it is of this moment.
void ManagementServer::hand_out(Clock::time_point now) {
  const ReportDesk::ReportPointer report = desk_.take();
  if (report == nullptr) return;
  for (const auto& client : clients_) {
    if (!std::exchange(client->waits, false)) continue;
    client->session.answer(page_of(*client->session.request(), *report));
    client->deadline = now + times_.answer;
    write_to(*client, now);
  }
}

void ManagementServer::expire(Client& client, Clock::time_point now) {
  if (!std::exchange(client.waits, false)) {
    client.gone = true;
    return;
  }
  client.session.answer(plain_page(503, "the control thread does not answer"));
  client.deadline = now + times_.answer;
  write_to(client, now);
}

}  // namespace sluice::control
