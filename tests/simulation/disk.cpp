#include "tests/simulation/disk.hpp"

#include "tests/simulation/text.hpp"

#include <algorithm>

namespace lmq::simulation {

void disk::take() {
  auto [rows, at] = std::move(under_way_.front());
  under_way_.pop_front();
  for (auto& change : rows.queues) {
    auto& q = queues_[change.queue];
    for (auto id : change.gone_messages)
      if (q.messages.erase(id) == 0)
        complaints_.push_back("disk: message " + text_of(id) + " is gone that was not there");
    for (auto id : change.gone_units)
      if (q.units.erase(id) == 0)
        complaints_.push_back("disk: unit " + text_of(id) + " is gone that was not there");
    for (auto& m : change.messages) {
      if (auto id = m.id; !q.messages.emplace(id, std::move(m)).second)
        complaints_.push_back("disk: message " + text_of(id) + " is written twice");
    }
    for (auto& u : change.units) {
      auto id = u.unit;
      q.units.insert_or_assign(id, row_of_unit{std::move(u), at});
    }
  }
  for (auto& [incarnation, intervals] : rows.context) {
    for (auto i : intervals)
      context_.add(incarnation, i);
    contexts_.insert_or_assign(incarnation, std::move(intervals));
  }
  for (auto& [name, note] : rows.notes)
    notes_.insert_or_assign(name, std::move(note));
}

void disk::crash(std::size_t survivors) {
  while (survivors-- > 0 && !under_way_.empty())
    take();
  under_way_.clear();
}

std::optional<message> disk::find(const std::string& queue, message_id id) const {
  auto q = queues_.find(queue);
  if (q == queues_.end())
    return std::nullopt;
  auto m = q->second.messages.find(id);
  return m == q->second.messages.end() ? std::nullopt : std::optional{m->second.content};
}

stored_state disk::read(time_point now) const {
  stored_state all;
  for (const auto& [name, q] : queues_) {
    auto& rows = all.queues[name];
    for (const auto& [id, m] : q.messages)
      rows.messages.push_back(m);
    for (const auto& [id, u] : q.units) {
      auto unit = u.unit;
      auto passed = now - u.written;
      auto left = [&](std::optional<duration>& d) {
        if (d)
          d = std::max(duration::zero(), *d - passed);
      };
      left(unit.state.lease);
      left(unit.window);
      rows.units.push_back(std::move(unit));
    }
  }
  for (const auto& [incarnation, intervals] : contexts_)
    for (auto i : intervals)
      all.context.add(incarnation, i);
  all.notes = notes_;
  return all;
}

} // namespace lmq::simulation
