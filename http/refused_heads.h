#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/base/time.h"
#include "dataplane/wire/ip_address.h"
#include "http/head_error.h"
#include "http/settings.h"

namespace sluice::http {

/// A head that was refused, for an operator to look at.
struct RefusedHead {
  static constexpr std::size_t kBytesKept = 1024;

  HeadError error = HeadError::kNone;
  Instant at{};             ///< by the worker's clock
  wire::Endpoint peer;      ///< who sent it
  ServerId server = {};     ///< of a response
  std::uint64_t event = 0;  ///< how many of its kind the worker had refused before
  std::size_t size = 0;     ///< bytes that had come of it
  std::string bytes = {};   ///< the first of these, at most kBytesKept
};

/// The last request of each frontend, or the last response of each backend, that one worker has
/// refused. Whoever sends many of them costs a short copy each, and no more memory than the first.
template <typename OwnerId>
class RefusedHeads {
 public:
  /// `head` is as much as has come of it; the other members of `about` are kept as they are.
  void note(OwnerId owner, const RefusedHead& about, std::string_view head) {
    if (last_.size() <= owner.index()) last_.resize(owner.index() + 1);
    RefusedHead& place = last_[owner.index()];
    std::string kept = std::move(place.bytes);
    kept.assign(head.substr(0, RefusedHead::kBytesKept));
    place = about;
    place.bytes = std::move(kept);
    place.event = events_++;
    place.size = head.size();
  }

  /// Forgets those of owners that are gone: their ids may be given to others. `list` is that of the
  /// snapshot, by id.
  template <typename List>
  void forget_gone(const List& list) {
    for (std::size_t i = 0; i < last_.size(); ++i) {
      if (i >= list.size() || list[i] == nullptr) last_[i] = {};
    }
  }

  /// By id; where `error` is kNone there is none.
  [[nodiscard]] const std::vector<RefusedHead>& last() const { return last_; }

 private:
  std::vector<RefusedHead> last_;
  std::uint64_t events_ = 0;
};

/// Where in a head the fault is, as near as its reason tells: the octet itself, the word of the
/// first line, the line of the field.
std::size_t fault_position(HeadError error, std::string_view head);

}  // namespace sluice::http
