#include "control/admin/client.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "control/admin/unix_socket.h"

namespace sluice::control {
namespace {

// The admin socket answers at once, also under full load; a longer silence is a fault.
constexpr timeval kPatience{10, 0};
// No answer is that long: a thousand servers' statistics are half a megabyte.
constexpr std::size_t kLongestAnswer = 256U << 20;

void send_all(const FileDescriptor& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw std::runtime_error(std::string("no answer: ") + std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
}

std::string receive_all(const FileDescriptor& socket) {
  std::string answer;
  char bytes[65536];
  for (;;) {
    const ssize_t size = ::recv(socket.get(), bytes, sizeof bytes, 0);
    if (size == 0) return answer;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) throw std::runtime_error("no answer within 10 seconds");
    if (size < 0) throw std::runtime_error(std::string("no answer: ") + std::strerror(errno));
    answer.append(bytes, static_cast<std::size_t>(size));
    if (answer.size() > kLongestAnswer) throw std::runtime_error("the answer does not end");
  }
}

}  // namespace

AdminReply ask_admin(const std::string& path, std::string_view command) {
  const FileDescriptor socket = connect_unix(path);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  // Refusals are told from answers by the mark that HAProxy has for them.
  send_all(socket, std::string("set severity-output number;").append(command).append("\n"));
  ::shutdown(socket.get(), SHUT_WR);
  AdminReply reply{receive_all(socket)};
  if (reply.text.empty()) throw std::runtime_error("admin socket " + path + " did not answer");
  reply.text.erase(0, 1);  // of 'set severity-output', which has nothing to say
  if (reply.text.starts_with("[3]:")) {
    reply.failed = true;
    reply.text.erase(0, 4);
  }
  if (reply.text.ends_with("\n\n") || reply.text == "\n") reply.text.pop_back();
  return reply;
}

}  // namespace sluice::control
