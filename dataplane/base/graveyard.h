#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace sluice {

/// An object that may be destroyed only after the call that ended it has returned.
class Mortal {
 public:
  Mortal() = default;
  Mortal(const Mortal&) = delete;
  Mortal& operator=(const Mortal&) = delete;
  virtual ~Mortal() = default;
};

/// Where objects wait for their destruction until no method of theirs can be on the stack: a
/// session that ends inside its own callback is buried here, and the worker clears the graveyard
/// at the end of its loop.
class Graveyard {
 public:
  void bury(std::unique_ptr<Mortal> object) { buried_.push_back(std::move(object)); }

  /// Destroys what was buried, also what is buried meanwhile.
  void clear() {
    while (!buried_.empty()) {
      std::vector<std::unique_ptr<Mortal>> batch;
      batch.swap(buried_);
      batch.clear();
      if (buried_.empty()) buried_.swap(batch);  // keeps the capacity for the next loop
    }
  }

  [[nodiscard]] std::size_t size() const { return buried_.size(); }

 private:
  std::vector<std::unique_ptr<Mortal>> buried_;
};

}  // namespace sluice
