#include "cluster/view.hpp"

#include "core/mix.hpp"

#include <algorithm>

namespace lmq {

bool view::contains(const node_id& node) const {
  return std::find(members.begin(), members.end(), node) != members.end();
}

const node_id& home_of(const view& in, std::string_view queue) {
  auto of_queue = hash_text(queue, 0xcbf29ce484222325ULL);
  auto weight = [&](const node_id& node) { return mix_bits(hash_text(node.name, of_queue)); };
  return *std::max_element(in.homes.begin(), in.homes.end(), [&](const node_id& a, const node_id& b) {
    auto wa = weight(a), wb = weight(b);
    return wa != wb ? wa < wb : a.name < b.name;
  });
}

} // namespace lmq
