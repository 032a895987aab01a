#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "http/settings.h"

namespace sluice::http {

/// What becomes of a request.
struct RouteTarget {
  RouteTarget() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a backend is one
  RouteTarget(BackendId to, std::shared_ptr<const Answer> instead = {})
      : backend(to), answer(std::move(instead)) {}

  BackendId backend;
  std::shared_ptr<const Answer> answer;  ///< instead of a backend; neither: 404

  [[nodiscard]] bool valid() const { return backend.valid() || answer != nullptr; }
  friend bool operator==(const RouteTarget&, const RouteTarget&) = default;
};

/// Finds the target of a host and path: the most exact host wins (the name itself, then the
/// longest "*." suffix, then any), of its routes the longest path that is a prefix and ends at a
/// segment's end. A host whose paths do not match leaves the search to the less exact ones.
///
/// A lookup costs a few hash probes: one for each label of the host and, for each host that
/// matches, one for each different length of its paths, however many routes there are.
///
/// Paths are compared as they were sent: neither percent-encoding nor dot segments are resolved.
class Router {
 public:
  /// `fallback` is for what no route matches; it need not be valid.
  Router(std::span<const Route> routes, RouteTarget fallback);

  /// `host` without port, in any case, with or without the final dot; `path` without query. The
  /// result, which lives as long as the router, is not valid when nothing matches.
  [[nodiscard]] const RouteTarget& find(std::string_view host, std::string_view path) const;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  template <typename Value>
  using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

  /// The paths of one host.
  class Paths {
   public:
    void add(std::string_view path, const Route& route);
    /// nullptr when none matches.
    [[nodiscard]] const RouteTarget* find(std::string_view path) const;

   private:
    TextMap<RouteTarget> targets_;      // by path without its final slash
    std::vector<std::size_t> lengths_;  // of those paths, longest first, each once
  };

  TextMap<Paths> exact_;
  TextMap<Paths> suffixes_;  // ".example.com" for "*.example.com"
  Paths any_;
  RouteTarget fallback_;
};

}  // namespace sluice::http
