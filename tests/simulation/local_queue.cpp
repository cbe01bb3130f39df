#include "tests/simulation/local_queue.hpp"

#include "core/dead_letter.hpp"

#include <algorithm>
#include <utility>

namespace lmq::simulation {

void local_queue::serve(const std::vector<held_unit>& units, node_machine& node, time_point now,
                        node_effect_list& out) {
  serving_ = true;
  for (auto& [unit, m] : moves_)
    m.serial = 0; // what was answered while it was held was not heard
  adopt(units, node, now, out);
}

void local_queue::drop(node_machine& node, time_point now, node_effect_list& out) {
  serving_ = false;
  machine_.drop();
  decided_.clear();
  auto unanswered = std::exchange(owed_, {});
  auto waiting = std::exchange(waiters_, {});
  waiter_of_.clear();
  unsafe_puts_.clear();
  moves_.clear();
  for (const auto& o : unanswered)
    node.queue_told(o.to, std::nullopt, now, out);
  for (const auto& [w, by] : waiting)
    node.queue_told(by, std::nullopt, now, out);
}

void local_queue::close(node_machine& node, time_point now, node_effect_list& out) {
  for (const auto& [w, by] : std::exchange(waiters_, {}))
    node.queue_told(by, answered::nothing{}, now, out);
  drop(node, now, out);
}

void local_queue::adopt(const std::vector<held_unit>& units, node_machine& node, time_point now,
                        node_effect_list& out) {
  for (const auto& u : units) {
    watcher_.adopted(name_, u);
    machine_.adopt(u, now, decided_);
  }
  tick(node, now, out);
}

void local_queue::forget(const facts::settled& what, node_machine& node, time_point now,
                         node_effect_list& out) {
  machine_.forget(what, now, decided_);
  tick(node, now, out);
}

void local_queue::tick(node_machine& node, time_point now, node_effect_list& out) {
  if (!serving_)
    return;
  machine_.tick(now, decided_);
  perform(node, now, out);
}

void local_queue::ask(asker by, const question& what, node_machine& node, time_point now,
                      node_effect_list& out) {
  if (!serving_)
    return node.queue_told(by, std::nullopt, now, out);
  answering_ = by;
  if (const auto* push = std::get_if<asked::push>(&what)) {
    auto outcome = machine_.push(push->id, push->content, now, decided_);
    if (outcome) {
      answer_ = answered::pushed{static_cast<std::uint8_t>(*outcome)};
      pushed_ = push->id;
    } else {
      answer_ = answered::refused{static_cast<std::uint8_t>(outcome.error().why), outcome.error().detail};
    }
  } else if (const auto* pull = std::get_if<asked::pull>(&what)) {
    auto w = next_waiter_id();
    waiter_of_[by] = w;
    waiters_[w] = by;
    answering_.reset();
    machine_.pull(w, pull->wait ? std::optional{now + *pull->wait} : std::nullopt, now, decided_);
  } else if (const auto* settle = std::get_if<asked::settle>(&what)) {
    result<void> done;
    switch (static_cast<verdict>(settle->verdict)) {
    case verdict::ack: done = machine_.ack(settle->lease, now, decided_); break;
    case verdict::nack: done = machine_.nack(settle->lease, now, decided_); break;
    case verdict::extend: done = machine_.extend(settle->lease, now, decided_); break;
    }
    if (done)
      answer_ = answered::nothing{};
    else
      answer_ = answered::refused{static_cast<std::uint8_t>(done.error().why), done.error().detail};
  } else if (const auto* back = std::get_if<asked::give_back>(&what)) {
    machine_.give_back(back->lease, now, decided_);
    answer_ = answered::nothing{};
  } else {
    answer_ = answered::nothing{};
  }
  tick(node, now, out);
}

void local_queue::cancel(asker by, node_machine& node, time_point now, node_effect_list& out) {
  auto it = waiter_of_.find(by);
  if (it == waiter_of_.end() || !serving_) // as the actor: it stays in line, and nobody takes what it gets
    return;
  machine_.cancel(it->second, now, decided_);
  tick(node, now, out);
}

void local_queue::perform(node_machine& node, time_point now, node_effect_list& out) {
  do {
    auto decided = std::exchange(decided_, {});
    std::vector<fact> batch;
    for (auto& e : decided)
      if (auto* r = std::get_if<record>(&e)) {
        if (const auto* put = std::get_if<facts::put>(&r->what))
          unsafe_puts_[put->id] = number_ + 1;
        if (const auto* end = std::get_if<facts::ended>(&r->what))
          watcher_.over({end->unit, end->delivery, end->home});
        else if (const auto* lease = std::get_if<facts::leased>(&r->what))
          watcher_.extended({lease->unit, lease->delivery, lease->home}, lease->lease);
        else if (const auto* gone = std::get_if<facts::settled>(&r->what);
                 gone != nullptr && !moved_on_ && gone->why == facts::settled::cause::discard)
          watcher_.discarded(gone->ids);
        watcher_.recorded(name_, r->what);
        batch.push_back(std::move(r->what));
      }
    auto recorded = !batch.empty();
    if (recorded)
      node.record(name_, batch, ++number_, now, out);
    if (answering_) {
      // Of a push that has come before it is answered with the first, as the actor does.
      auto before = pushed_ ? unsafe_puts_.find(*pushed_) : unsafe_puts_.end();
      auto number = recorded ? number_ : before != unsafe_puts_.end() ? before->second : 0;
      owed_.push_back({number, *std::exchange(answering_, std::nullopt), std::move(answer_),
                       std::exchange(pushed_, std::nullopt)});
    }
    for (auto& e : decided) {
      auto to_waiter = [&](waiter_id w, std::uint64_t number, reply what) {
        auto it = waiters_.find(w);
        if (it == waiters_.end())
          return false;
        owed_.push_back({number, it->second, std::move(what), std::nullopt});
        waiter_of_.erase(it->second);
        waiters_.erase(it);
        return true;
      };
      if (auto* d = std::get_if<deliver>(&e)) {
        std::uint64_t needs = 0;
        auto need = [&](message_id id) {
          if (auto it = unsafe_puts_.find(id); it != unsafe_puts_.end())
            needs = std::max(needs, it->second);
        };
        if (const auto* parts = std::get_if<std::shared_ptr<const compound>>(&d->what.content))
          for (const auto& p : **parts)
            need(p.id);
        else
          need(d->what.lease.message);
        auto lease = d->what.lease;
        auto whole = with_bodies(d->what.content, lease.message, read_);
        if (!whole) { // settled elsewhere meanwhile
          to_waiter(d->to, needs, answered::nothing{});
          continue;
        }
        d->what.content = *std::move(whole);
        watcher_.leased(name_, d->what, machine_.in_force().timeout);
        if (!to_waiter(d->to, needs, answered::delivered{name_, std::move(d->what)}))
          machine_.give_back(lease, now, decided_);
      } else if (auto* move = std::get_if<move_on>(&e)) {
        moves_[move->unit] = {std::move(*move), number_, 0, 0};
      } else if (auto* none = std::get_if<answer_empty>(&e)) {
        to_waiter(none->to, 0, answered::nothing{});
      }
    }
    if (!decided_.empty())
      machine_.tick(now, decided_);
  } while (!decided_.empty());
  give_what_is_safe(node, now, out);
}

void local_queue::safe(std::uint64_t number, node_machine& node, time_point now, node_effect_list& out) {
  safe_ = std::max(safe_, number);
  std::erase_if(unsafe_puts_, [&](const auto& put) { return put.second <= safe_; });
  give_what_is_safe(node, now, out);
}

void local_queue::give_what_is_safe(node_machine& node, time_point now, node_effect_list& out) {
  std::vector<owed> now_safe;
  for (auto it = owed_.begin(); it != owed_.end();)
    if (it->number <= safe_) {
      now_safe.push_back(std::move(*it));
      it = owed_.erase(it);
    } else {
      ++it;
    }
  for (auto& o : now_safe) {
    if (o.pushed)
      watcher_.push_safe(*o.pushed);
    node.queue_told(o.to, std::move(o.what), now, out);
  }
  push_what_leaves();
}

// -- to other queues, as actors/queue/mover does it

void local_queue::push_what_leaves() {
  if (!serving_)
    return;
  for (auto& [unit, m] : moves_) {
    if (m.serial != 0 || m.number > safe_)
      continue;
    m.serial = ++last_serial_;
    const auto& to = *m.what.to;
    auto push = [&, unit_ = unit](message_id id, const message& content) {
      auto whole = content.away ? read_(id) : content;
      ++m.missing;
      watcher_.push_elsewhere(name_, unit_, m.serial, to, moved_id(id, to),
                              dead_letter_of(whole.value_or(content), name_, m.what.deliveries));
    };
    m.missing = 0;
    if (const auto* parts = std::get_if<std::shared_ptr<const compound>>(&m.what.content))
      for (const auto& p : **parts)
        push(p.id, p.content);
    else
      push(unit, std::get<message>(m.what.content));
  }
}

void local_queue::piece_told(message_id unit, std::uint64_t serial, bool taken, node_machine& node,
                             time_point now, node_effect_list& out) {
  auto it = moves_.find(unit);
  if (!serving_ || it == moves_.end() || it->second.serial != serial)
    return;
  if (taken && --it->second.missing > 0)
    return;
  moves_.erase(it);
  tick(node, now, out); // by itself, so that what it discards is not taken for what is moved
  if (taken) {
    moved_on_ = true;
    machine_.moved(unit, now, decided_);
  } else {
    machine_.not_moved(unit, queue_machine::refused_how::perhaps, now, decided_);
  }
  tick(node, now, out);
  moved_on_ = false;
}

} // namespace lmq::simulation
