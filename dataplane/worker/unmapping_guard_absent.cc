#include "dataplane/worker/unmapping_guard.h"

// For builds with a sanitizer, which has a munmap() of its own.
namespace sluice::worker {

UnmappingGuard::UnmappingGuard(Quiescence& /*workers*/) {}
UnmappingGuard::~UnmappingGuard() = default;

}  // namespace sluice::worker
