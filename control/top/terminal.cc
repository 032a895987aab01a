#include "control/top/terminal.h"

#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

namespace sluice::control {
namespace {

// ECMA-48, and xterm's second screen.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeave = "\x1b[0m\x1b[?25h\x1b[?1049l";
constexpr std::string_view kHome = "\x1b[H";
constexpr std::string_view kClearLine = "\x1b[K";
constexpr std::string_view kClearBelow = "\x1b[J";
constexpr std::string_view kPlain = "\x1b[0m";

std::string_view code_of(TopLine::Style style) {
  switch (style) {
    case TopLine::Style::kStrong:
      return "\x1b[1m";
    case TopLine::Style::kHeader:
      return "\x1b[7m";
    case TopLine::Style::kBad:
      return "\x1b[31m";
    case TopLine::Style::kWarning:
      return "\x1b[33m";
    case TopLine::Style::kPlain:
      break;
  }
  return "";
}

FileDescriptor take_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH}) {
    sigaddset(&signals, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  FileDescriptor queue(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!queue) {
    throw std::runtime_error(std::string("signals cannot be taken: ") + std::strerror(errno));
  }
  return queue;
}

}  // namespace

Terminal::Terminal() : signals_(take_signals()) {
  if (::tcgetattr(STDIN_FILENO, &before_) != 0) {
    throw std::runtime_error("standard input is no terminal");
  }
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  // Stopped, it would leave the shell a terminal without an echo.
  raw.c_cc[VSUSP] = _POSIX_VDISABLE;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  write(kEnter);
}

Terminal::~Terminal() {
  write(kLeave);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

TopSize Terminal::size() const {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) {
    return {};
  }
  return {size.ws_row, size.ws_col};
}

// One write for all of it, so that it does not flicker.
void Terminal::show(std::span<const TopLine> lines) {
  std::string screen(kHome);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    screen.append(code_of(lines[i].style)).append(lines[i].text).append(kPlain).append(kClearLine);
    if (i + 1 < lines.size()) screen += "\r\n";
  }
  write(screen.append(kClearBelow));
}

Terminal::Event Terminal::wait(std::chrono::milliseconds patience) {
  pollfd waits[] = {{STDIN_FILENO, POLLIN, 0}, {signals_.get(), POLLIN, 0}};
  if (::poll(waits, 2, static_cast<int>(patience.count())) <= 0) return Event::kNothing;
  if (waits[1].revents != 0) {
    signalfd_siginfo info{};
    if (::read(signals_.get(), &info, sizeof info) != sizeof info) return Event::kNothing;
    return info.ssi_signo == SIGWINCH ? Event::kResized : Event::kEnd;
  }
  return (waits[0].revents & POLLIN) != 0 ? Event::kKey : Event::kEnd;
}

std::string Terminal::keys() {
  char bytes[256];
  const ssize_t size = ::read(STDIN_FILENO, bytes, sizeof bytes);
  return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

void Terminal::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return;  // the terminal is gone
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
}

}  // namespace sluice::control
