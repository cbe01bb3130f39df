// What an I/O thread remembers of queues: the way from a name to its actor. Bounded; one thread.
//
// A route may be stale: its queue deleted, or its actor restarted. A request sent along it comes back then,
// and the route is forgotten.
#pragma once

#include "actors/messages.hpp"

#include <cstddef>
#include <string_view>
#include <unordered_map>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

namespace lmq {

/// A queue's handle, shared within a thread for the price of a plain increment.
struct route : boost::intrusive_ref_counter<route, boost::thread_unsafe_counter> {
  explicit route(queue_ref ref) : to(std::move(ref)) {}

  queue_ref to;
};

using route_ptr = boost::intrusive_ptr<const route>;

class route_cache {
public:
  /// @param routes_max  at least 1; when there are more, some other is forgotten
  explicit route_cache(std::size_t routes_max) : routes_max_(routes_max) {}

  /// nullptr if the way is not known.
  route_ptr find(std::string_view queue) const;

  /// Takes the place of the route to a queue of that name.
  route_ptr put(queue_ref to);

  /// Does nothing if another route has taken its place.
  void forget(const route& stale);

  void clear() noexcept { routes_.clear(); }
  std::size_t size() const noexcept { return routes_.size(); }

private:
  std::size_t routes_max_;
  std::unordered_map<std::string_view, route_ptr> routes_; ///< keys lie in the routes
};

} // namespace lmq
