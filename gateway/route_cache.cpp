#include "gateway/route_cache.hpp"

#include <utility>

namespace lmq {

route_ptr route_cache::find(std::string_view queue) const {
  auto it = routes_.find(queue);
  return it == routes_.end() ? nullptr : it->second;
}

route_ptr route_cache::put(queue_ref to) {
  route_ptr fresh{new route(std::move(to))};
  std::string_view name = *fresh->to.name;
  routes_.erase(name); // with its key, which goes with the old route
  if (routes_.size() >= routes_max_)
    routes_.erase(routes_.begin());
  routes_.emplace(name, fresh);
  return fresh;
}

void route_cache::forget(const route& stale) {
  auto it = routes_.find(*stale.to.name);
  if (it != routes_.end() && it->second.get() == &stale)
    routes_.erase(it);
}

} // namespace lmq
