#include "actors/queue/queue_invariants.hpp"

#include "actors/queue/queue_machine.hpp"

#include <algorithm>

namespace lmq {

struct queue_invariants {
  const queue_machine& m;
  using state = queue_machine::state;

  bool all_that_came_is_here_or_went() const {
    return m.counts_.came() == m.counts_.went() + m.sizes().messages();
  }

  bool ready_index_holds_ready_messages() const {
    return std::all_of(m.ready_.begin(), m.ready_.end(),
                       [](const auto& x) { return x.second.is == state::ready; });
  }

  bool pending_index_holds_no_ready_message() const {
    return std::none_of(m.pending_.begin(), m.pending_.end(), [](const auto& x) {
      return x.second.is == state::ready || queue_machine::leaves(x.second);
    });
  }

  bool leaving_index_holds_what_leaves() const {
    return std::all_of(m.leaving_.begin(), m.leaving_.end(), [](const auto& x) {
      return x.second.is == state::redriven || (x.second.is == state::dead && x.second.exhausted);
    });
  }

  bool the_dead_wait_only_where_they_have_somewhere_to_go() const {
    return m.has_dead_letter_queue() || std::all_of(m.leaving_.begin(), m.leaving_.end(), [&](const auto& x) {
             return x.second.is == state::redriven || m.moving_.contains(x.second.id);
           });
  }

  bool every_move_is_of_a_unit_that_leaves() const {
    return m.moving_.size() <= queue_machine::moves_max &&
           std::all_of(m.moving_.begin(), m.moving_.end(), [&](const auto& move) {
             auto it = m.leaving_.find(move.second);
             return it != m.leaving_.end() && it->second.id == move.first;
           });
  }

  bool a_ready_message_stands_at_the_instant_it_became_ready() const {
    return std::all_of(m.ready_.begin(), m.ready_.end(),
                       [](const auto& x) { return x.first.at == x.second.ready_since; });
  }

  bool leases_and_leased_messages_are_one_to_one() const {
    if (m.leases_.size() != m.leased_count_)
      return false;
    std::size_t leased = 0;
    for (auto it = m.pending_.begin(); it != m.pending_.end(); ++it) {
      if (it->second.is != state::leased)
        continue;
      ++leased;
      auto lease = m.leases_.find(it->second.id);
      if (lease == m.leases_.end() || &lease->second->second != &it->second)
        return false;
    }
    return leased == m.leased_count_;
  }

  bool the_open_window_accumulates_and_grows() const {
    if (!m.window_ || !m.window_parts_)
      return !m.window_ && !m.window_parts_;
    const auto& e = (*m.window_)->second;
    const auto* parts = std::get_if<std::shared_ptr<const compound>>(&e.content);
    return e.is == state::accumulating && parts != nullptr && *parts == m.window_parts_ &&
           !m.window_parts_->empty();
  }

  /// Others that accumulate were taken over from another home.
  bool only_compounds_accumulate_and_only_the_open_window_where_nothing_is_recorded() const {
    std::size_t n = 0;
    for (const auto& [where, e] : m.pending_) {
      if (e.is != state::accumulating)
        continue;
      ++n;
      const auto* parts = std::get_if<std::shared_ptr<const compound>>(&e.content);
      if (parts == nullptr || !*parts || (*parts)->empty())
        return false;
    }
    return m.role_.records || n == (m.window_ ? 1u : 0u);
  }

  bool every_message_is_known_where_facts_are_recorded_and_nothing_else() const {
    std::size_t names = 0;
    bool all = true;
    for (const auto* index : {&m.ready_, &m.pending_, &m.leaving_})
      for (const auto& u : *index)
        queue_machine::for_each_name(u.second, [&](message_id name) {
          ++names;
          auto it = m.known_.find(name);
          all = all && it != m.known_.end() && it->second == &u;
        });
    return m.role_.records ? all && names == m.known_.size() : m.known_.empty();
  }

  bool an_exhausted_message_has_no_retries_left() const {
    return std::all_of(m.ready_.begin(), m.ready_.end(), [](const auto& x) {
      return !x.second.exhausted || (x.second.retries_left == 0 && x.second.deliveries > 0);
    });
  }

  bool every_deadline_belongs_to_a_waiter() const {
    auto with = std::count_if(m.waiters_.begin(), m.waiters_.end(),
                              [](const auto& w) { return w.second.deadline.has_value(); });
    if (static_cast<std::size_t>(with) != m.waiter_deadlines_.size())
      return false;
    return std::all_of(m.waiter_deadlines_.begin(), m.waiter_deadlines_.end(), [&](const auto& d) {
      auto w = m.waiters_.find(d.second);
      return w != m.waiters_.end() && w->second.deadline == d.first;
    });
  }

  bool whoever_waits_beside_a_ready_message_will_be_served() const {
    using offered = queue_machine::offered;
    if (m.waiters_.empty() || m.ready_.empty() || m.offered_ == offered::asked || m.paused())
      return true;
    return m.next_deadline() == time_point::min();
  }

  bool every_place_is_from_the_past_of_the_sequence() const {
    auto past = [&](const auto& x) { return x.first.sequence < m.next_sequence_; };
    return std::all_of(m.ready_.begin(), m.ready_.end(), past) &&
           std::all_of(m.pending_.begin(), m.pending_.end(), past) &&
           std::all_of(m.leaving_.begin(), m.leaving_.end(), past);
  }

  bool nothing_held_means_no_bytes() const {
    return m.sizes().messages() > 0 || m.content_bytes_ + m.away_bytes_ == 0;
  }
};

std::optional<std::string> broken_invariant(const queue_machine& machine) {
  queue_invariants i{machine};
#define LMQ_HOLDS(sentence)                                                                                  \
  if (!i.sentence())                                                                                         \
  return #sentence
  LMQ_HOLDS(ready_index_holds_ready_messages);
  LMQ_HOLDS(pending_index_holds_no_ready_message);
  LMQ_HOLDS(leaving_index_holds_what_leaves);
  LMQ_HOLDS(the_dead_wait_only_where_they_have_somewhere_to_go);
  LMQ_HOLDS(every_move_is_of_a_unit_that_leaves);
  LMQ_HOLDS(a_ready_message_stands_at_the_instant_it_became_ready);
  LMQ_HOLDS(leases_and_leased_messages_are_one_to_one);
  LMQ_HOLDS(the_open_window_accumulates_and_grows);
  LMQ_HOLDS(only_compounds_accumulate_and_only_the_open_window_where_nothing_is_recorded);
  LMQ_HOLDS(every_message_is_known_where_facts_are_recorded_and_nothing_else);
  LMQ_HOLDS(an_exhausted_message_has_no_retries_left);
  LMQ_HOLDS(every_deadline_belongs_to_a_waiter);
  LMQ_HOLDS(whoever_waits_beside_a_ready_message_will_be_served);
  LMQ_HOLDS(every_place_is_from_the_past_of_the_sequence);
  LMQ_HOLDS(nothing_held_means_no_bytes);
  LMQ_HOLDS(all_that_came_is_here_or_went);
#undef LMQ_HOLDS
  return std::nullopt;
}

} // namespace lmq
