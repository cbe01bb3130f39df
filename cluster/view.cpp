#include "cluster/view.hpp"

#include <algorithm>

namespace lmq {

namespace {

/// FNV-1a. Written out, because all nodes must agree, whatever their standard library hashes.
std::uint64_t hash(std::string_view text, std::uint64_t from) {
  for (unsigned char c : text)
    from = (from ^ c) * 0x100000001b3ULL;
  return from;
}

/// splitmix64's last steps: FNV alone spreads short names badly.
std::uint64_t spread(std::uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
  return x ^ x >> 31;
}

} // namespace

bool view::contains(const node_id& node) const {
  return std::find(members.begin(), members.end(), node) != members.end();
}

const node_id& home_of(const view& in, std::string_view queue) {
  auto of_queue = hash(queue, 0xcbf29ce484222325ULL);
  auto weight = [&](const node_id& node) { return spread(hash(node.name, of_queue)); };
  return *std::max_element(in.homes.begin(), in.homes.end(), [&](const node_id& a, const node_id& b) {
    auto wa = weight(a), wb = weight(b);
    return wa != wb ? wa < wb : a.name < b.name;
  });
}

} // namespace lmq
