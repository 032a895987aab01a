#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "dataplane/base/counter.h"
#include "dataplane/base/linked_list.h"
#include "dataplane/base/time.h"
#include "dataplane/wire/ip_address.h"

namespace sluice::tls {

/// How many handshakes of clients may wait, and for how long.
struct HandshakeLimits {
  /// For how long handshakes are worked on in one pass of a worker's loop: so long at least, since
  /// a step that is begun is ended, is everything else held up. Zero: nothing waits.
  Duration budget{};
  /// A few of the slower handshakes: a tenth of what would be felt.
  static constexpr Duration kUsualBudget = std::chrono::microseconds(500);
  /// Clients whose handshake has not begun; further ones are refused.
  std::uint32_t waiting = 1024;
  /// Who has waited longer is refused: it has given up, or soon will.
  Duration patience = std::chrono::seconds(2);
  /// Handshakes of one IPv4 address or IPv6 /64 network that are waiting or under way; further ones
  /// are refused. 0: any number.
  std::uint32_t per_source = 0;
};

class HandshakeQueue;

/// A connection's place among those of a worker whose handshakes are not done. Belongs to the
/// connection; leaves when it is destroyed.
class HandshakePlace : public LinkedListNode<HandshakePlace> {
 public:
  /// Whose place it is, and what the queue calls. No interface, because a table of functions in
  /// each connection would outlive its handshake.
  struct Owner {
    void* self = nullptr;
    void (*on_turn)(void* self) = nullptr;        ///< what was received may be worked on
    void (*on_impatience)(void* self) = nullptr;  ///< it has waited too long
  };

  HandshakePlace() = default;
  HandshakePlace(const HandshakePlace&) = delete;
  HandshakePlace& operator=(const HandshakePlace&) = delete;
  ~HandshakePlace() { leave(); }

  /// Gives it up, and stops counting for the source.
  void leave();
  [[nodiscard]] bool waiting() const { return list_ != nullptr; }

 private:
  friend class HandshakeQueue;
  using List = LinkedList<HandshakePlace>;

  HandshakeQueue* queue_ = nullptr;
  List* list_ = nullptr;
  Owner owner_;
  Instant since_{};
  std::uint64_t source_ = 0;
  bool begun_ = false;
};

/// Where a worker's handshakes wait for their turn. The public-key operations of a full one take as
/// long as hundreds of requests; rationed, they cannot delay what is established, however many
/// clients come at once. What has been begun comes first.
class HandshakeQueue {
 public:
  explicit HandshakeQueue(const HandshakeLimits& limits) : limits_(limits) {}
  HandshakeQueue(const HandshakeQueue&) = delete;
  HandshakeQueue& operator=(const HandshakeQueue&) = delete;

  /// Whether handshakes wait at all.
  [[nodiscard]] bool enabled() const { return limits_.budget > Duration::zero(); }

  /// Bytes have come for a handshake: it waits for its turn, if it does not already. False when it
  /// is refused, which only one that has not begun can be.
  [[nodiscard]] bool join(HandshakePlace& place, const HandshakePlace::Owner& owner,
                          const wire::IpAddress& source, Instant now);

  /// Gives turns for the time of the budget, one at least. Returns how many.
  std::size_t run(Instant now);

  /// Handshakes that wait.
  [[nodiscard]] std::size_t size() const { return new_.size() + begun_.size(); }

 private:
  friend class HandshakePlace;

  void refuse_impatient(Instant now);
  HandshakePlace* next();

  HandshakeLimits limits_;
  HandshakePlace::List new_;
  HandshakePlace::List begun_;
  std::unordered_map<std::uint64_t, std::uint32_t> sources_;  // by source_of(), if they are limited
};

}  // namespace sluice::tls
