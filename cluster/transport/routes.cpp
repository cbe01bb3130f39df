#include "cluster/transport/routes.hpp"

#include "cluster/transport/tcp.hpp"

#include <algorithm>

namespace lmq {

bool routes::keep(const std::string& host, std::uint16_t port) {
  route r;
  r.host = host;
  r.port = port;
  return all_.emplace(address_text(host, port), std::move(r)).second;
}

void routes::forget(const std::string& host, std::uint16_t port) {
  all_.erase(address_text(host, port));
}

std::optional<routes::attempt> routes::begin(const std::string& address, time_point now) {
  auto it = all_.find(address);
  if (it == all_.end() || it->second.where != route::state::waiting)
    return std::nullopt;
  it->second.where = route::state::under_way;
  it->second.begun = now;
  return attempt{address, ++it->second.number};
}

routes::route* routes::find(const attempt& which) {
  auto it = all_.find(which.address);
  return it != all_.end() && it->second.number == which.number && it->second.where == route::state::under_way
           ? &it->second
           : nullptr;
}

std::chrono::milliseconds routes::fail(const attempt& which) {
  auto* r = find(which);
  if (r == nullptr)
    return {};
  r->where = route::state::waiting;
  auto base = r->pause.count();
  auto fifth = base / 5;
  r->pause = std::min(2 * r->pause, transport_limits::redial_last);
  return std::chrono::milliseconds{
    std::uniform_int_distribution<std::int64_t>{base - fifth, base + fifth}(dice_)};
}

void routes::is_our_own(const attempt& which) {
  if (auto* r = find(which))
    r->where = route::state::our_own;
}

void routes::link(const attempt& which, const transport_peer& to) {
  if (auto* r = find(which))
    set_linked(*r, to);
}

void routes::link_those_of(const transport_peer& peer) {
  for (auto& [address, r] : all_)
    if (r.where == route::state::waiting && r.host == peer.host && r.port == peer.port)
      set_linked(r, peer);
}

std::vector<routes::redial> routes::unlink(std::uint64_t peer, time_point now) {
  std::vector<redial> all;
  for (auto& [address, r] : all_) {
    if (r.where != route::state::linked || r.linked != peer)
      continue;
    r.where = route::state::waiting;
    auto after = std::chrono::ceil<std::chrono::milliseconds>(r.begun + transport_limits::redial_first - now);
    all.push_back({address, std::max(after, std::chrono::milliseconds{0})});
  }
  return all;
}

void routes::set_linked(route& r, const transport_peer& to) {
  r.where = route::state::linked;
  r.linked = to.incarnation;
  r.peer = to.name;
  r.pause = transport_limits::redial_first;
}

} // namespace lmq
