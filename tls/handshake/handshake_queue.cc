#include "tls/handshake/handshake_queue.h"

#include <chrono>
#include <utility>

namespace sluice::tls {
namespace {

// The address, or the network that one customer of a provider has (RFC 6177).
std::uint64_t source_of(const wire::IpAddress& address) {
  const std::uint8_t* bytes = address.is_v4() ? address.v4_bytes() : address.bytes().data();
  const std::size_t size = address.is_v4() ? 4 : 8;
  std::uint64_t source = 0;
  for (std::size_t i = 0; i < size; ++i) source = source << 8 | bytes[i];
  return source;
}

}  // namespace

void HandshakePlace::leave() {
  if (list_ != nullptr) std::exchange(list_, nullptr)->remove(*this);
  if (queue_ == nullptr) return;
  auto& sources = std::exchange(queue_, nullptr)->sources_;
  const auto count = sources.find(source_);
  if (count != sources.end() && --count->second == 0) sources.erase(count);
}

bool HandshakeQueue::join(HandshakePlace& place, const HandshakePlace::Owner& owner,
                          const wire::IpAddress& source, Instant now) {
  if (place.waiting()) return true;
  if (!place.begun_) {
    if (new_.size() >= limits_.waiting) return false;
    if (limits_.per_source > 0) {
      place.source_ = source_of(source);
      std::uint32_t& count = sources_[place.source_];
      if (count >= limits_.per_source) return false;
      ++count;
      place.queue_ = this;
    }
  }
  place.owner_ = owner;
  place.since_ = now;
  place.list_ = place.begun_ ? &begun_ : &new_;
  place.list_->push_back(place);
  return true;
}

HandshakePlace* HandshakeQueue::next() {
  HandshakePlace* place = begun_.empty() ? new_.front() : begun_.front();
  if (place == nullptr) return nullptr;
  std::exchange(place->list_, nullptr)->remove(*place);
  place->begun_ = true;
  return place;
}

// They stand in the order in which they came.
void HandshakeQueue::refuse_impatient(Instant now) {
  while (!new_.empty() && now - new_.front()->since_ > limits_.patience) {
    HandshakePlace& place = *new_.front();
    place.leave();
    place.owner_.on_impatience(place.owner_.self);
  }
}

// The loop's own clock stands still in between.
std::size_t HandshakeQueue::run(Instant now) {
  refuse_impatient(now);
  if (size() == 0) return 0;
  const auto end = std::chrono::steady_clock::now() + limits_.budget;
  std::size_t turns = 0;
  do {
    HandshakePlace* place = next();
    if (place == nullptr) break;
    ++turns;
    place->owner_.on_turn(place->owner_.self);
  } while (std::chrono::steady_clock::now() < end);
  return turns;
}

}  // namespace sluice::tls
