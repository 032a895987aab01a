#include "control/top/top_command.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <vector>

#include "control/admin/client.h"
#include "control/top/terminal.h"
#include "control/top/top_figures.h"
#include "control/top/top_keys.h"
#include "control/top/top_screen.h"

namespace sluice::control {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kEvery = std::chrono::seconds(1);
constexpr std::size_t kWidthOfPipe = 160;

std::string ask(const std::string& socket, const char* command) {
  AdminReply reply = ask_admin(socket, command);
  if (reply.failed) throw std::runtime_error(std::string(command) + ": " + reply.text);
  return std::move(reply.text);
}

TopFigures look(const std::string& socket) {
  return read_top_figures({ask(socket, "show info json"), ask(socket, "show workers json"),
                           ask(socket, "show stat"), ask(socket, "show latency json")});
}

int show_once(const TopFigures& figures) {
  // Room for everything: workers get a third.
  const std::size_t room = 16 + 3 * figures.workers.size() + figures.services.size();
  std::vector<TopLine> lines = draw_top(figures, {}, {room, kWidthOfPipe}, "");
  lines.pop_back();  // the keys
  while (!lines.empty() && lines.back().text.empty()) lines.pop_back();
  for (const TopLine& line : lines) std::printf("%s\n", line.text.c_str());
  return 0;
}

/// The screen of one user.
class Session {
 public:
  Session(std::string socket, TopFigures figures)
      : socket_(std::move(socket)), figures_(std::move(figures)) {}

  void run() {
    Clock::time_point next = Clock::now() + kEvery;
    for (;;) {
      draw();
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
      const auto event = terminal_.wait(std::max(left, std::chrono::milliseconds(0)));
      if (event == Terminal::Event::kEnd) return;
      if (event == Terminal::Event::kKey && !apply_keys()) return;
      if (Clock::now() < next) continue;
      refresh();
      next = Clock::now() + kEvery;
    }
  }

 private:
  void draw() { terminal_.show(draw_top(figures_, view_, terminal_.size(), fault_)); }

  bool apply_keys() {
    const std::size_t lines = terminal_.size().lines;
    return apply_top_keys(terminal_.keys(), count_top_rows(figures_, view_), lines / 2, view_);
  }

  // It may be restarted: the old figures stay till there are new ones.
  void refresh() {
    try {
      figures_ = look(socket_);
      fault_.clear();
    } catch (const std::runtime_error& fault) {
      fault_ = fault.what();
    }
  }

  std::string socket_;
  TopFigures figures_;
  TopView view_;
  std::string fault_;
  Terminal terminal_;
};

}  // namespace

int show_top(const std::string& admin_socket) {
  TopFigures figures = look(admin_socket);
  if (::isatty(STDOUT_FILENO) == 0) return show_once(figures);
  Session(admin_socket, std::move(figures)).run();
  return 0;
}

}  // namespace sluice::control
