// A node's disk in virtual time: takes batches in order, each some time after it was given, and keeps what it
// took when the node crashes. Of what it had not taken yet any number may have got there.
#pragma once

#include "core/stored.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace lmq::simulation {

class disk {
public:
  void give(store_batch rows, time_point at) { under_way_.push_back({std::move(rows), at}); }

  /// The first of those under way arrives.
  void take();

  /// The first `survivors` of those under way arrive, the others never.
  void crash(std::size_t survivors);

  std::size_t under_way() const noexcept { return under_way_.size(); }

  stored_state read(time_point now) const;

  std::optional<message> find(const std::string& queue, message_id id) const;

  /// Of messages that are there or were.
  bool knows(message_id id) const { return context_.contains(id); }

  const std::vector<std::string>& complaints() const noexcept { return complaints_; }

private:
  struct row_of_unit {
    stored_unit unit;
    time_point written;
  };
  struct rows_of_queue {
    std::map<message_id, stored_message> messages;
    std::map<message_id, row_of_unit> units;
  };

  std::deque<std::pair<store_batch, time_point>> under_way_;
  std::map<std::string, rows_of_queue> queues_;
  std::map<std::uint64_t, std::vector<id_set::interval>> contexts_;
  id_set context_;
  std::map<std::string, std::string> notes_;
  std::vector<std::string> complaints_; ///< rows that break the rules of stored.hpp
};

} // namespace lmq::simulation
