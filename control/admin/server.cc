#include "control/admin/server.h"

#include <openssl/crypto.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sluice::control {

AdminServer::AdminServer(const std::string& path, std::uint32_t mode, const CommandTable& commands,
                         AdminLevel level)
    : commands_(commands), level_(level), listener_(path, mode) {}

void AdminServer::add_to(std::vector<pollfd>& waits) const {
  waits.push_back({listener_.fd(), POLLIN, 0});
  for (const auto& client : clients_) {
    short events = 0;
    if (!client->session.output().empty()) events = POLLOUT;
    if (client->session.wants_input()) events |= POLLIN;
    waits.push_back({client->socket.get(), events, 0});
  }
}

void AdminServer::serve(std::span<const pollfd> found, Time now) {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    serve_client(*clients_[i], found[i + 1].revents, now);
  }
  std::erase_if(clients_, [](const auto& client) { return client->gone; });
  if (found[0].revents != 0) accept_all(now);
}

bool AdminServer::busy() const {
  return std::ranges::any_of(clients_, [](const auto& client) { return client->session.waits(); });
}

void AdminServer::accept_all(Time now) {
  while (FileDescriptor connection = listener_.accept()) {
    if (clients_.size() < kMostClients) {
      clients_.push_back(std::make_unique<Client>(std::move(connection), commands_, level_, now));
      continue;
    }
    constexpr std::string_view kFull = "too many clients at once\n\n";
    static_cast<void>(
        ::send(connection.get(), kFull.data(), kFull.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  }
}

void AdminServer::serve_client(Client& client, short events, Time now) {
  if ((events & (POLLIN | POLLHUP)) != 0 && client.session.wants_input()) read_from(client, now);
  if (client.session.waits()) {
    client.session.go_on();
    client.active = now;
    if ((events & POLLHUP) != 0) client.gone = true;
  }
  // An answer leaves at once when the client's buffer has room.
  if (!client.session.output().empty()) write_to(client, now);
  if ((events & (POLLERR | POLLNVAL)) != 0) client.gone = true;
  if (client.session.finished()) client.gone = true;
  if (now - client.active > client.session.timeout()) client.gone = true;
}

void AdminServer::read_from(Client& client, Time now) {
  char bytes[4096];
  const ssize_t size = ::recv(client.socket.get(), bytes, sizeof bytes, MSG_DONTWAIT);
  if (size > 0) {
    client.active = now;
    client.session.receive({bytes, static_cast<std::size_t>(size)});
    OPENSSL_cleanse(bytes, static_cast<std::size_t>(size));
  } else if (size == 0) {
    client.session.end_of_input();
  } else if (errno != EAGAIN && errno != EINTR) {
    client.gone = true;
  }
}

void AdminServer::write_to(Client& client, Time now) {
  const std::string_view bytes = client.session.output();
  const ssize_t size =
      ::send(client.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (size > 0) {
    client.active = now;
    client.session.sent(static_cast<std::size_t>(size));
  } else if (size < 0 && errno != EAGAIN && errno != EINTR) {
    client.gone = true;
  }
}

}  // namespace sluice::control
