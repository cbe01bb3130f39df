// Questions of clients: each goes to its queue's home, wherever that is now, until it is answered.
#include "cluster/node_machine.hpp"
#include "cluster/planted.hpp"
#include "core/message.hpp"

#include <algorithm>
#include <utility>

namespace lmq {

namespace {

/// Whoever is asked now is not the first: another may have done it.
void asked_again(question& what) {
  if (auto* s = std::get_if<asked::settle>(&what))
    s->again = true;
  else if (auto* p = std::get_if<asked::push>(&what))
    p->again = true;
  else if (auto* o = std::get_if<asked::order>(&what))
    o->again = true;
}

/// The queue or its disk takes no more: of this push nothing was kept there.
bool is_for_want_of_room(reason why) {
  return why == reason::queue_full || why == reason::no_space;
}

/// A push for which there is no place even to wait. Nobody was asked for it.
answered::refused too_much_waits(std::size_t bytes_max) {
  return {
    static_cast<std::uint8_t>(reason::unavailable),
    "pushes of " + std::to_string(bytes_max) +
      " bytes wait here until the other nodes have acknowledged what was pushed before; nothing of this "
      "one was kept, push it again"};
}

answered::refused too_few_copies(const view& in, std::size_t wanted, const char* what_now) {
  return {static_cast<std::uint8_t>(reason::unavailable), "there are " + std::to_string(in.members.size()) +
                                                            " copies in view and --min-copies asks for " +
                                                            std::to_string(wanted) + "; " + what_now};
}

} // namespace

// -- asking ------------------------------------------------------------------------------------------------------------

void node_machine::ask(std::uint64_t number, std::string queue, question what, time_point now,
                       node_effect_list& out) {
  begin_step(now, out);
  auto [it, is_new] =
    questions_.try_emplace(number, open_question{std::move(queue), std::move(what), 0, false});
  if (!is_new)
    return;
  if (const auto* pull = std::get_if<asked::pull>(&it->second.what); pull != nullptr && pull->wait)
    it->second.until = now + *pull->wait;
  dispatch(number, it->second, now, out);
}

/// There is a view, this node has stopped for it, and nobody has withdrawn: it is known who is home.
bool node_machine::in_agreement() const noexcept {
  return view_.id.number != 0 && flushed_ == view_.id && !withdrawn_;
}

/// Sends the question where it belongs, if that is known now, and if there is room for what it brings.
void node_machine::dispatch(std::uint64_t number, open_question& q, time_point now, node_effect_list& out) {
  if (dispatched(number, q, now, out))
    return;
  if (const auto* push = std::get_if<asked::push>(&q.what);
      push != nullptr && !may_wait(*push, q.again, q.waits))
    tell({0, number}, too_much_waits(options_.waiting_bytes_max), now, out);
}

/// False: it waits. Otherwise it may be answered, and gone.
bool node_machine::dispatched(std::uint64_t number, open_question& q, time_point now, node_effect_list& out) {
  waits_for_room_.erase(q.waits.turn);
  if (!in_agreement())
    return false; // until there is a view
  bool pushes = std::holds_alternative<asked::push>(q.what);
  if (pushes && !has_enough_copies()) {
    tell({0, number}, too_few_copies(view_, options_.min_copies, "try again when more nodes are connected"),
         now, out);
    return true;
  }
  if (auto* pull = std::get_if<asked::pull>(&q.what); pull != nullptr && q.until)
    pull->wait = std::max(duration::zero(), *q.until - now);
  const auto& home = home_of(view_, q.queue);
  if (home == options_.self) {
    if (!active_ || (pushes && !comes_in({0, number}, q.waits)))
      return false;
    q.asked_of = home.incarnation;
    auto again = std::exchange(q.again, true);
    auto what = q.what; // it may be answered, and gone, before we are back
    if (again)
      asked_again(what);
    ask_here({0, number}, q.queue, what, now, out);
    return true;
  }
  auto* p = find(home.name);
  if (p == nullptr || p->id != home || !p->known_up || (pushes && !comes_in({0, number}, q.waits)))
    return false;
  q.asked_of = home.incarnation;
  says::ask asks{number, q.queue, q.what, number};
  if (std::exchange(q.again, true))
    asked_again(asks.what);
  say(*p, asks);
  return true;
}

// -- room for pushes ---------------------------------------------------------------------------------------------------

/// A peer, which is heard, has as much to acknowledge as may be, or will have when what was let in is
/// recorded.
bool node_machine::is_full() const {
  return std::any_of(peers_.begin(), peers_.end(), [&](const auto& entry) {
    const auto& p = entry.second;
    return p.known_up &&
           std::max(p.link.backlog_bytes(), let_in_.bytes()) >= options_.unacknowledged_bytes_max;
  });
}

/// There is room for this push, and those that came before it are not waiting for room. Otherwise it has a
/// turn now.
bool node_machine::comes_in(asker by, waiting_push& p) {
  bool first = waits_for_room_.empty() || (p.turn != 0 && p.turn < waits_for_room_.begin()->first);
  if (first && !is_full()) {
    p.held = {};
    return true;
  }
  if (p.turn == 0)
    p.turn = ++last_turn_;
  waits_for_room_.emplace(p.turn, by);
  return false;
}

/// Not where too much waits already, unless somebody was asked for it before: then it may have been taken in,
/// and is seen through.
bool node_machine::may_wait(const asked::push& what, bool again, waiting_push& p) {
  if (p.held)
    return true;
  if (held_.bytes() >= options_.waiting_bytes_max && !again) {
    waits_for_room_.erase(p.turn);
    return false;
  }
  p.held = {held_, body_bytes(what.content)};
  return true;
}

void node_machine::let_in_those_that_wait(time_point now, node_effect_list& out) {
  while (!waits_for_room_.empty() && !is_full()) {
    auto by = waits_for_room_.begin()->second;
    waits_for_room_.erase(waits_for_room_.begin());
    if (by.incarnation == 0) {
      if (auto it = questions_.find(by.number); it != questions_.end())
        dispatch(by.number, it->second, now, out);
    } else if (auto it = served_.find(by); it != served_.end() && it->second.waits_for_us) {
      auto s = std::move(it->second);
      served_.erase(it);
      take(by, std::move(s), now, out);
    }
  }
}

bool node_machine::waits_untouched(std::uint64_t number) const {
  auto it = questions_.find(number);
  return it != questions_.end() && it->second.waits.turn != 0 && !it->second.again;
}

// -- when there is a view ----------------------------------------------------------------------------------------------

/// All that are not asked of whoever is their home now; and what others asked while this node was not ready.
void node_machine::dispatch_all(time_point now, node_effect_list& out) {
  if (!in_agreement())
    return;
  std::vector<std::uint64_t> numbers; // an answer may come at once and change the map
  for (const auto& [number, q] : questions_)
    if (q.asked_of != home_of(view_, q.queue).incarnation)
      numbers.push_back(number);
  for (auto number : numbers)
    if (auto it = questions_.find(number); it != questions_.end())
      dispatch(number, it->second, now, out);
  if (!active_)
    return;
  std::vector<asker> waiting;
  for (const auto& [by, s] : served_)
    if (s.waits_for_us)
      waiting.push_back(by);
  for (auto by : waiting) {
    auto s = std::move(served_.at(by));
    served_.erase(by);
    if (is_home(s.queue))
      take(by, std::move(s), now, out);
    else
      tell(by, answered::not_home{}, now, out);
  }
}

/// A question of another node, of a queue whose home this node is.
void node_machine::take(asker by, served_question s, time_point now, node_effect_list& out) {
  const auto* push = std::get_if<asked::push>(&s.what);
  waits_for_room_.erase(s.waits.turn);
  if (active_ && (push == nullptr || comes_in(by, s.waits)))
    return ask_here(by, s.queue, s.what, now, out);
  if (push != nullptr && !may_wait(*push, push->again, s.waits))
    return tell(by, too_much_waits(options_.waiting_bytes_max), now, out);
  s.waits_for_us = true;
  served_.insert_or_assign(by, std::move(s));
}

/// This node is home, and serves.
void node_machine::ask_here(asker by, const std::string& queue, const question& what, time_point now,
                            node_effect_list& out) {
  if (const auto* push = std::get_if<asked::push>(&what);
      push != nullptr && replica_.context().contains(push->id)) {
    // Sent again: it is answered when what was made of it is safe.
    return tell_when_safe(by, answered::pushed{static_cast<std::uint8_t>(push_outcome::stored)}, now, out);
  }
  serve(queue, now, out);
  served_question s{queue, what};
  if (const auto* push = std::get_if<asked::push>(&what))
    s.let_in = {let_in_, body_bytes(push->content)};
  served_.insert_or_assign(by, std::move(s));
  out.emplace_back(node_effects::ask_queue{by, queue, what});
}

void node_machine::forget(std::uint64_t number, time_point now, node_effect_list& out) {
  begin_step(now, out);
  auto it = questions_.find(number);
  if (it == questions_.end())
    return;
  auto q = std::move(it->second);
  questions_.erase(it);
  if (q.asked_of == options_.self.incarnation) {
    if (served_.erase({0, number}) > 0)
      out.emplace_back(node_effects::cancel_pull{{0, number}, q.queue});
  } else if (auto* p = find(q.asked_of); p != nullptr && q.asked_of != 0 && p->known_up) {
    say(*p, says::forget{number});
  }
}

// -- answers -----------------------------------------------------------------------------------------------------------

void node_machine::queue_told(asker by, std::optional<reply> what, time_point now, node_effect_list& out) {
  begin_step(now, out);
  auto it = served_.find(by);
  if (it == served_.end()) {
    // Nobody waits for it any more.
    if (what)
      if (auto* d = std::get_if<answered::delivered>(&*what))
        give_back(d->queue, d->what, now, out);
    return;
  }
  if (!what) {
    // It bounced: the queue is held, or its actor has just ended.
    if (by.incarnation == 0) {
      served_.erase(it);
      if (auto q = questions_.find(by.number); q != questions_.end())
        q->second.asked_of = 0;
    } else {
      it->second.waits_for_us = true;
      it->second.let_in = {};
      asked_again(it->second.what); // it may have been done, and only not been safe
    }
    retry_at_ = now + options_.retry_after;
    return;
  }
  if (auto* d = std::get_if<answered::delivered>(&*what); d != nullptr && (behind_ || brings_settled(*d))) {
    // Decided by a home that others have given up meanwhile, or before the queue had heard what this node
    // knows: it does not leave.
    give_back(d->queue, d->what, now, out);
    return queue_told(by, std::nullopt, now, out);
  }
  auto asked = std::move(it->second);
  served_.erase(it);
  const auto* no = std::get_if<answered::refused>(&*what);
  const auto* push = std::get_if<asked::push>(&asked.what);
  if (no != nullptr && push != nullptr && is_for_want_of_room(static_cast<reason>(no->why))) {
    if (replica_.context().contains(push->id))
      return tell_when_safe(by, answered::pushed{static_cast<std::uint8_t>(push_outcome::stored)}, now, out);
    if (push->again &&
        !is_planted(planted_bug::full_is_sure)) // some copy may have it that is not heard of yet
      return tell(
        by,
        answered::refused{static_cast<std::uint8_t>(reason::unavailable),
                          "the queue has changed its home over this push, and there is no room; the "
                          "message may have been taken in: look for it before it is pushed again"},
        now, out);
  }
  if (const auto* order = std::get_if<asked::order>(&asked.what);
      no != nullptr && order != nullptr && order->again &&
      static_cast<reason>(no->why) == reason::no_such_message)
    if (const auto* one = std::get_if<orders::remove>(&order->what);
        one != nullptr && is_gone(asked.queue, one->id))
      return tell_when_safe(by, answered::ordered{removed{}}, now, out);
  const auto* settle = std::get_if<asked::settle>(&asked.what);
  if (no != nullptr && settle != nullptr && static_cast<reason>(no->why) == reason::no_such_lease) {
    if (settle->again && done_already(asked.queue, *settle))
      return tell_when_safe(by, answered::nothing{}, now, out);
    if (static_cast<verdict>(settle->verdict) == verdict::ack)
      if (auto ids = replica_.still_leased(asked.queue, settle->lease, now); !ids.empty()) {
        // A delivery that lost against another of the same messages: it still settles what it brought.
        facts::settled acked{std::move(ids)};
        std::vector<fact> gone{acked};
        replica::change ours;
        replica_.apply(asked.queue, gone, now, ours);
        next_position(asked.queue, gone);
        out.emplace_back(node_effects::forget_messages{asked.queue, std::move(acked)});
        return tell_when_safe(by, answered::nothing{}, now, out);
      }
  }
  tell_as_home(by, *std::move(what), now, out);
}

bool node_machine::brings_settled(const answered::delivered& d) const {
  if (is_planted(planted_bug::settled_leaves))
    return false;
  auto is_settled = [&](message_id id) {
    return replica_.context().contains(id) && !replica_.holds(d.queue, id);
  };
  if (const auto* parts = std::get_if<std::shared_ptr<const compound>>(&d.what.content))
    return std::any_of((*parts)->begin(), (*parts)->end(), [&](const part& p) { return is_settled(p.id); });
  return is_settled(d.what.lease.message);
}

/// A settle that was asked before may have been done, and only the answer lost.
bool node_machine::done_already(const std::string& queue, const asked::settle& what) const {
  switch (static_cast<verdict>(what.verdict)) {
  case verdict::ack: {
    auto unit = what.lease.message;
    if (replica_.has_settled(unit))
      return true;
    if (!is_gone(queue, unit))
      return false;
    // It may have died instead. To which queue it went, properties that have changed since don't tell.
    const auto& context = replica_.context();
    const auto& queues = metadata_.queues();
    return !context.contains(moved_id(unit, "")) &&
           std::none_of(queues.begin(), queues.end(),
                        [&](const auto& q) { return context.contains(moved_id(unit, q.first)); });
  }
  case verdict::nack: return replica_.has_ended(queue, what.lease);
  case verdict::extend: return false;
  }
  return false;
}

/// A message or compound that was here, and is settled.
bool node_machine::is_gone(const std::string& queue, message_id unit) const {
  return replica_.has_settled(unit) || (replica_.context().contains(unit) && !replica_.holds(queue, unit));
}

/// When all that is known here by now is safe: also what was said elsewhere. Whoever acknowledges what this
/// node says has written what came before.
void node_machine::tell_when_safe(asker by, reply what, time_point now, node_effect_list& out) {
  if (options_.stores)
    next_position({}, {});
  awaited_.push_back({position_, rows_to_come(), {}, 0, std::pair{by, std::move(what)}});
  release_what_is_safe(now, out);
}

bool node_machine::has_enough_copies() const noexcept {
  return view_.members.size() >= options_.min_copies || is_planted(planted_bug::too_few_is_enough);
}

/// A push that was taken in while there were enough copies, and became safe when there are not, is not
/// promised to anybody.
void node_machine::tell_as_home(asker by, reply what, time_point now, node_effect_list& out) {
  if (std::holds_alternative<answered::pushed>(what) && !has_enough_copies())
    what = too_few_copies(
      view_, options_.min_copies,
      "the message was taken in, and fewer than that have it; pushed again, it is there twice");
  tell(by, std::move(what), now, out);
}

void node_machine::tell(asker by, reply what, time_point now, node_effect_list& out) {
  if (by.incarnation == 0) {
    if (std::holds_alternative<answered::not_home>(what)) {
      if (auto it = questions_.find(by.number); it != questions_.end()) {
        it->second.asked_of = 0;
        retry_at_ = now + options_.retry_after;
      }
      return;
    }
    if (questions_.erase(by.number) > 0 && by.number < std::uint64_t{1} << 63)
      out.emplace_back(node_effects::answer_question{by.number, std::move(what)});
    else if (auto* d = std::get_if<answered::delivered>(&what);
             d != nullptr && by.number < std::uint64_t{1} << 63)
      give_back(d->queue, d->what, now, out);
    return;
  }
  auto* p = find(by.incarnation);
  if (p == nullptr || !p->known_up)
    return;
  if (std::holds_alternative<answered::delivered>(what)) {
    p->deliveries.push_back({by.number, std::move(what)});
    return say_what_waits(*p);
  }
  say(*p, says::tell{by.number, std::move(what)});
}

/// To the queue's home, whoever that is by then.
void node_machine::give_back(const std::string& queue, const delivery& what, time_point now,
                             node_effect_list& out) {
  auto number = own_numbers_++;
  auto& q =
    questions_.emplace(number, open_question{queue, asked::give_back{what.lease}, 0, false}).first->second;
  dispatch(number, q, now, out);
}

// -- questions of other nodes ------------------------------------------------------------------------------------------

void node_machine::heard(peer& from, says::ask& what, time_point now, node_effect_list& out) {
  asker by{from.id.incarnation, what.number};
  if (auto waits = served_.find(by); waits != served_.end()) {
    // It keeps its place; but it comes a second time because another was asked in between.
    asked_again(waits->second.what);
    return;
  }
  bool in_view = view_.id.number != 0 && !withdrawn_;
  if (in_view && is_home(what.queue))
    return take(by, {std::move(what.queue), std::move(what.what)}, now, out);
  say(from, says::tell{what.number, answered::not_home{}});
}

void node_machine::heard(peer& from, const says::forget& what, time_point, node_effect_list& out) {
  asker by{from.id.incarnation, what.number};
  auto it = served_.find(by);
  if (it == served_.end())
    return;
  if (!it->second.waits_for_us)
    out.emplace_back(node_effects::cancel_pull{by, it->second.queue});
  served_.erase(it);
}

void node_machine::heard(peer& from, says::tell& what, time_point now, node_effect_list& out) {
  auto it = questions_.find(what.number);
  if (it == questions_.end()) {
    if (auto* d = std::get_if<answered::delivered>(&what.what))
      give_back(d->queue, d->what, now, out);
    return;
  }
  auto asked_of = it->second.asked_of;
  if (std::holds_alternative<answered::not_home>(what.what)) {
    if (asked_of == from.id.incarnation) {
      it->second.asked_of = 0;
      retry_at_ = now + options_.retry_after;
    }
    return;
  }
  // Another is asked since, and may have done what this one could not.
  if (asked_of != from.id.incarnation && std::holds_alternative<answered::refused>(what.what))
    return;
  // It may have been asked of another since; that one need not go on.
  auto queue = it->second.queue;
  if (asked_of != from.id.incarnation && asked_of != 0) {
    if (asked_of == options_.self.incarnation) {
      if (served_.erase({0, what.number}) > 0)
        out.emplace_back(node_effects::cancel_pull{{0, what.number}, queue});
    } else if (auto* p = find(asked_of); p != nullptr && p->known_up) {
      say(*p, says::forget{what.number});
    }
  }
  tell({0, what.number}, std::move(what.what), now, out);
}

/// The session with whoever asked has ended: it asks again, or its clients are gone.
void node_machine::forget_questions_of(const peer& p, node_effect_list& out) {
  auto it = served_.lower_bound({p.id.incarnation, 0});
  while (it != served_.end() && it->first.incarnation == p.id.incarnation) {
    if (!it->second.waits_for_us)
      out.emplace_back(node_effects::cancel_pull{it->first, it->second.queue});
    it = served_.erase(it);
  }
}

} // namespace lmq
