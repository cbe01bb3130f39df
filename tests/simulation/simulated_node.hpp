// A node of the simulated cluster: the machine, its queues, and what of the outside it has to do with.
//
// Owned by the world.
#pragma once

#include "tests/simulation/disk.hpp"
#include "tests/simulation/world.hpp"

namespace lmq::simulation {

inline constexpr const char* names[]{"anna", "bert", "carl", "dora", "emil"};
inline constexpr const char* queues[]{"one", "two", "three", "window", "often"};

properties properties_of(const std::string& queue, const plan& in);
std::string address_of(std::size_t index);

struct world::node final : lease_watcher {
  explicit node(world& its_world, std::size_t its_index) : in(its_world), index(its_index) {}

  void leased(const std::string& queue, const delivery& what, duration lease) override;
  void extended(lease_id lease, duration by) override;
  void over(lease_id lease) override;
  void discarded(const std::vector<message_id>& ids) override;
  void recorded(const std::string& queue, const fact& what) override;
  void adopted(const std::string& queue, const held_unit& what) override;
  void push_safe(message_id id) override;
  void push_elsewhere(const std::string& queue, message_id unit, std::uint64_t serial, const std::string& to,
                      message_id as, message letter) override;

  world& in;
  std::size_t index;
  node_id id;
  home_tag tag{};
  std::unique_ptr<node_machine> machine; ///< none: it does not run
  lmq::simulation::disk disk;
  bool disk_is_busy = false;
  std::uint64_t rows_given = 0; ///< number
  std::map<std::string, local_queue> queues;
  std::map<std::size_t, std::uint64_t> met; ///< the incarnation of each other that it has heard of
  std::map<std::uint64_t, std::function<void(reply&)>> open;
  std::map<std::uint64_t, std::function<void()>> writes; ///< whose end somebody waits for
  std::uint64_t life = 0;           ///< counts starts: what was planned for an earlier one is void
  std::optional<time_point> asleep; ///< until then
  std::vector<std::function<void()>> meanwhile;
  std::optional<time_point> waking; ///< its timer
  node_effect_list effects;
  id_source ids{0};
  std::uint64_t queues_made = 0;
  view serves_in; ///< what its queues do, they do under this one
  std::string seen_of_watched;
};

} // namespace lmq::simulation
