#include "http/balancing/algorithm.h"

#include "http/balancing/least_connections.h"
#include "http/balancing/maglev.h"
#include "http/balancing/random_choice.h"
#include "http/balancing/round_robin.h"

namespace sluice::http {

std::unique_ptr<ServerAlgorithm> make_algorithm(Algorithm algorithm, std::uint32_t worker,
                                                std::uint64_t seed) {
  switch (algorithm) {
    case Algorithm::kLeastConnections:
      return std::make_unique<LeastConnections>(worker);
    case Algorithm::kTwoChoices:
      return std::make_unique<TwoChoices>(seed);
    case Algorithm::kMaglev:
      return std::make_unique<Maglev>(seed);
    case Algorithm::kRandom:
      return std::make_unique<RandomChoice>(seed);
    case Algorithm::kRoundRobin:
      break;
  }
  return std::make_unique<RoundRobin>(worker);
}

}  // namespace sluice::http
