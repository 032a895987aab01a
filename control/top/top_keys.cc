#include "control/top/top_keys.h"

#include <algorithm>
#include <array>

namespace sluice::control {
namespace {

using Order = TopView::Order;

struct OrderKey {
  char key;
  Order order;
};
constexpr std::array kOrderKeys{
    OrderKey{'n', Order::kConfigured}, OrderKey{'r', Order::kRate}, OrderKey{'s', Order::kSessions},
    OrderKey{'e', Order::kErrors},     OrderKey{'t', Order::kTime},
};

enum class Move { kUp, kDown, kPageUp, kPageDown, kFirst, kLast };

struct MoveKey {
  std::string_view sequence;
  Move move;
};
// As xterm, and in its application mode; the Linux console sends the same.
constexpr std::array kMoveKeys{
    MoveKey{"\x1b[A", Move::kUp},      MoveKey{"\x1bOA", Move::kUp},
    MoveKey{"\x1b[B", Move::kDown},    MoveKey{"\x1bOB", Move::kDown},
    MoveKey{"\x1b[5~", Move::kPageUp}, MoveKey{"\x1b[6~", Move::kPageDown},
    MoveKey{"\x1b[H", Move::kFirst},   MoveKey{"\x1b[1~", Move::kFirst},
    MoveKey{"\x1b[F", Move::kLast},    MoveKey{"\x1b[4~", Move::kLast},
    MoveKey{"k", Move::kUp},           MoveKey{"j", Move::kDown},
    MoveKey{" ", Move::kPageDown},
};

void move(Move where, std::size_t rows, std::size_t page, TopView& view) {
  const std::size_t last = rows > page ? rows - page : 0;
  const auto up = [&](std::size_t by) { return view.first > by ? view.first - by : 0; };
  switch (where) {
    case Move::kUp:
      view.first = up(1);
      break;
    case Move::kDown:
      view.first += 1;
      break;
    case Move::kPageUp:
      view.first = up(page);
      break;
    case Move::kPageDown:
      view.first += page;
      break;
    case Move::kFirst:
      view.first = 0;
      break;
    case Move::kLast:
      view.first = last;
      break;
  }
  view.first = std::min(view.first, last);
}

// What an escape sequence takes: up to its letter or tilde.
std::size_t sequence_size(std::string_view keys) {
  if (keys.size() < 2 || (keys[1] != '[' && keys[1] != 'O')) return 1;
  for (std::size_t i = 2; i < keys.size(); ++i) {
    if (keys[i] >= '@' && keys[i] <= '~') return i + 1;
  }
  return keys.size();
}

void type(char key, TopView& view) {
  if (key == '\r' || key == '\n') {
    view.typing = false;
  } else if (key == '\x7f' || key == '\b') {
    if (!view.filter.empty()) view.filter.pop_back();
  } else if (key >= ' ' && key <= '~' && view.filter.size() < 64) {
    view.filter += key;
  }
  view.first = 0;
}

bool press(char key, TopView& view) {
  for (const OrderKey& order : kOrderKeys) {
    if (order.key == key) view.order = order.order;
  }
  if (key == 'b') {
    view.servers = !view.servers;
    view.first = 0;
  }
  if (key == '/') {
    view.typing = true;
    view.filter.clear();
  }
  return key != 'q';
}

}  // namespace

bool apply_top_keys(std::string_view keys, std::size_t rows, std::size_t page, TopView& view) {
  while (!keys.empty()) {
    const std::size_t size = keys[0] == '\x1b' ? sequence_size(keys) : 1;
    const std::string_view key = keys.substr(0, size);
    keys.remove_prefix(size);
    if (view.typing && size == 1) {
      if (key == "\x1b") {
        view.filter.clear();
        view.typing = false;
      } else {
        type(key[0], view);
      }
      continue;
    }
    const auto* const found = std::ranges::find(kMoveKeys, key, &MoveKey::sequence);
    if (found != kMoveKeys.end()) {
      move(found->move, rows, page, view);
    } else if (size == 1 && !press(key[0], view)) {
      return false;
    }
  }
  return true;
}

}  // namespace sluice::control
