#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

namespace sluice::worker {

/// Work that other threads leave for a worker to do in its own loop. Any thread may post; the
/// worker never waits: an empty mailbox costs it one load, and it takes all letters with one
/// exchange. Closures, since what the control side asks for is rare and of many kinds.
class Mailbox {
 public:
  Mailbox() = default;
  ~Mailbox() { destroy(newest_.exchange(nullptr)); }
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  void post(std::function<void()> work) {
    auto letter = std::make_unique<Letter>();
    letter->work = std::move(work);
    Letter* older = newest_.load(std::memory_order_relaxed);
    do {
      letter->older = older;
    } while (!newest_.compare_exchange_weak(older, letter.get(), std::memory_order_release,
                                            std::memory_order_relaxed));
    (void)letter.release();
  }

  /// Does what was posted, in that order. Returns whether there was anything.
  bool work_off() {
    if (newest_.load(std::memory_order_relaxed) == nullptr) return false;
    Letter* newest = newest_.exchange(nullptr, std::memory_order_acquire);
    Letter* oldest = nullptr;
    while (newest != nullptr) {
      Letter* older = std::exchange(newest->older, oldest);
      oldest = std::exchange(newest, older);
    }
    for (Letter* letter = oldest; letter != nullptr; letter = letter->older) letter->work();
    destroy(oldest);
    return true;
  }

 private:
  struct Letter {
    std::function<void()> work;
    Letter* older = nullptr;
  };

  static void destroy(Letter* letter) {
    while (letter != nullptr) {
      const std::unique_ptr<Letter> owner(letter);
      letter = letter->older;
    }
  }

  std::atomic<Letter*> newest_{nullptr};
};

}  // namespace sluice::worker
