#include "dataplane/worker/quiescence.h"

#include <cstdlib>
#include <new>

namespace sluice::worker {

Quiescence::Quiescence(std::uint32_t workers) {
  const std::size_t size = rte_rcu_qsbr_get_memsize(workers);
  constexpr std::size_t kLine = RTE_CACHE_LINE_SIZE;
  state_ =
      static_cast<rte_rcu_qsbr*>(std::aligned_alloc(kLine, (size + kLine - 1) / kLine * kLine));
  if (state_ == nullptr) throw std::bad_alloc();
  rte_rcu_qsbr_init(state_, workers);
}

Quiescence::~Quiescence() {
  std::free(state_);
}

}  // namespace sluice::worker
