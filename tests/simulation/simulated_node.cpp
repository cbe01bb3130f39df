#include "tests/simulation/simulated_node.hpp"

#include "tests/simulation/text.hpp"

#include <algorithm>
#include <utility>

namespace lmq::simulation {

using namespace std::chrono_literals;

properties properties_of(const std::string& queue, const plan& in) {
  properties p;
  p.retry = 1'000'000; // nothing is discarded, so that whatever is missing is lost
  p.timeout = queue == "often" ? 700ms : 4s;
  if (queue == "window")
    p.accum = 800ms;
  if (in.full)
    p.max_messages = 5;
  if (in.dead_letters && (queue == "often" || queue == "window")) {
    p.retry = 1;
    p.dead_letter = "three";
  }
  return p;
}

std::string address_of(std::size_t index) {
  return std::string{names[index]} + ":1";
}

// -- what its queues tell

void world::node::leased(const std::string& queue, const delivery& what, duration lease) {
  auto all = bodies(what);
  const auto& copies = machine->copies();
  auto settled = [&](message_id m) { return copies.context().contains(m) && !copies.holds(queue, m); };
  bool knows = false;
  if (const auto* parts = std::get_if<std::shared_ptr<const compound>>(&what.content)) {
    for (const auto& p : **parts)
      knows |= settled(p.id);
  } else {
    knows = settled(what.lease.message);
  }
  for (auto body : all)
    in.tell(id.name + " leases " + std::to_string(body) + " of " + queue + ", delivery " +
            std::to_string(what.lease.delivery) + " under view " + std::to_string(serves_in.id.number));
  for (auto body : all)
    in.ledger_.delivered(body, what.lease, {id, serves_in, knows, in.now_, in.now_ + lease});
  in.leases_[what.lease] = std::move(all);
}

void world::node::extended(lease_id lease, duration by) {
  for (auto body : in.leases_[lease])
    in.ledger_.lease_extended(body, lease, in.now_ + by);
}

void world::node::over(lease_id lease) {
  if (auto alone = in.alone_.find(lease.message); alone != in.alone_.end())
    in.ledger_.lease_over(alone->second, lease.delivery, lease.home);
  for (auto body : in.leases_[lease]) {
    in.tell(id.name + " ends the lease of " + std::to_string(body) + ", delivery " +
            std::to_string(lease.delivery));
    in.ledger_.lease_over(body, lease);
  }
}

void world::node::discarded(const std::vector<message_id>& gone) {
  for (auto m : gone)
    in.outcome_.complaints.push_back("discarded: " + text_of(m) + " by " + id.name);
}

void world::node::recorded(const std::string& queue, const fact& what) {
  if (in.trace_)
    in.tell(id.name + " records of " + queue + " " + text_of(what));
}

void world::node::adopted(const std::string& queue, const held_unit& what) {
  if (in.trace_)
    in.tell(id.name + " adopts in " + queue + " " + text_of(what));
}

/// An answer leaves when every member of the view has what it promises.
void world::node::push_safe(message_id pushed) {
  const auto& members = machine->current().members;
  if (members.size() < in.plan_.min_copies)
    in.too_few_have_.insert(pushed);
  else
    in.too_few_have_.erase(pushed);
  for (auto& other : in.nodes_)
    if (other->machine && std::find(members.begin(), members.end(), other->id) != members.end() &&
        !other->machine->copies().context().contains(pushed))
      in.outcome_.complaints.push_back("unsafe: push " + text_of(pushed) + " is answered by " + id.name +
                                       ", and " + other->id.name + " has not got it");
    else if (in.plan_.disks && std::find(members.begin(), members.end(), other->id) != members.end() &&
             !other->disk.knows(pushed))
      in.outcome_.complaints.push_back("unsafe: push " + text_of(pushed) + " is answered by " + id.name +
                                       ", and not on the disk of " + other->id.name);
}

/// When this step is done: what it says may lead to another one.
void world::node::push_elsewhere(const std::string& queue, message_id unit, std::uint64_t serial,
                                 const std::string& to, message_id as, message letter) {
  // A node that starts from its disk by itself is a side of its own.
  if (in.plan_.disks)
    for (auto body : bodies({{}, letter, 0, {}}))
      in.ledger_.died(body);
  in.at(in.now_, [=, this, of = life, letter = std::move(letter)] {
    auto push = [=, this] {
      in.ask(*this, to, asked::push{as, letter}, [=, this](reply& r) {
        auto taken = std::holds_alternative<answered::pushed>(r);
        if (taken)
          in.look_whether_enough_have(as);
        ++(taken ? in.outcome_.moved : in.outcome_.not_moved);
        if (auto it = queues.find(queue); it != queues.end())
          it->second.piece_told(unit, serial, taken, *machine, in.now_, effects);
      });
    };
    if (life != of || !machine)
      return;
    if (asleep)
      meanwhile.push_back(push);
    else
      push();
  });
}

// -- its life

void world::start(std::size_t index) {
  auto& n = *nodes_[index];
  ++n.life;
  n.id = {names[index], (next_incarnation_++ << 20) + roll(1 << 20)};
  n.tag = home_tag{static_cast<std::uint32_t>(n.id.incarnation)};
  n.ids = id_source{n.id.incarnation};
  n.met.clear();
  n.asleep.reset();
  n.waking.reset();
  node_options o;
  o.self = n.id;
  o.tag = n.tag;
  o.address = address_of(index);
  o.of_links.frame_bytes_max = 2000; // so that messages come in pieces
  o.of_links.window_bytes_max = 20'000;
  o.transfer_bytes = 500;
  o.min_copies = plan_.min_copies;
  if (plan_.narrow) {
    o.unacknowledged_bytes_max = 300;
    o.waiting_bytes_max = 20;
  }
  for (std::size_t other = 0; other < plan_.nodes; ++other)
    if (other != index)
      o.joins.push_back(address_of(other));
  o.stores = plan_.disks;
  o.body_bytes_max = plan_.disks && chance(50) ? 0 : SIZE_MAX;
  o.read = [&n](const std::string& queue, message_id id) { return n.disk.find(queue, id); };
  n.machine = std::make_unique<node_machine>(o, now_, 1'700'000'000'000 + roll(50'000), n.disk.read(now_));
  auto life = n.life;
  std::function<void()> look = [this, &n, life] {
    if (n.life == life && n.machine)
      look_around(n);
  };
  at(now_ + some(5ms), look);
  wake(n);
}

void world::kill(node& n) {
  n.machine.reset();
  n.disk.crash(roll(n.disk.under_way() + 1));
  n.disk_is_busy = false;
  n.queues.clear();
  n.open.clear();
  n.writes.clear();
  n.effects.clear();
  n.meanwhile.clear();
  n.asleep.reset();
  ++n.life;
}

/// The disk takes what has come while it was busy as one, and mostly soon.
void world::sync_disk(node& n) {
  auto batches = n.disk.under_way();
  if (batches == 0 || std::exchange(n.disk_is_busy, true))
    return;
  auto takes = 100us + (chance(disks_are_slow_ ? 95 : 100) ? some(5ms) : chance(90) ? some(100ms) : some(2s));
  at(now_ + takes, [this, &n, batches, number = n.rows_given, life = n.life] {
    if (n.life != life || !n.machine)
      return; // what became of it was decided when it crashed
    for (std::size_t i = 0; i < batches; ++i)
      n.disk.take();
    n.disk_is_busy = false;
    sync_disk(n);
    auto tell_it = [this, &n, number] {
      n.machine->stored(number, now_, n.effects);
      settle_effects(n);
    };
    if (n.asleep)
      n.meanwhile.push_back(tell_it);
    else
      tell_it();
  });
}

/// What the transport tells a node, every now and then: who can be reached.
void world::look_around(node& n) {
  if (!n.asleep) {
    for (auto& other : nodes_) {
      auto& o = *other;
      if (o.index == n.index || cut(n.index, o.index) || cut(o.index, n.index))
        continue;
      if (!o.machine)
        n.machine->refused(address_of(o.index), now_, n.effects);
      else if (auto& met = n.met[o.index]; met != o.id.incarnation) {
        met = o.id.incarnation;
        n.machine->connected(o.id, address_of(o.index), now_, n.effects);
      }
    }
    settle_effects(n);
  }
  auto life = n.life;
  at(now_ + 50ms + some(50ms), [this, &n, life] {
    if (n.life == life && n.machine)
      look_around(n);
  });
}

// -- its steps

/// Carries out what the node wants done until it wants no more, lets it send, and sets its timer.
void world::settle_effects(node& n) {
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < n.effects.size(); ++i) {
      auto e = std::move(n.effects[i]);
      carry_out(n, e);
    }
    n.effects.clear();
    if (round == 0)
      n.machine->tick(now_, n.effects);
  }
  look_at_watched(n);
  auto next = n.machine->next_deadline(now_);
  for (auto& [name, q] : n.queues)
    if (auto due = q.next_deadline())
      next = std::min(next, std::max(*due, now_));
  if (!n.waking || *n.waking > next || *n.waking <= now_) {
    n.waking = next;
    auto life = n.life;
    at(next, [this, &n, life, next] {
      if (n.life == life && n.waking == next) {
        n.waking.reset();
        if (n.asleep)
          n.meanwhile.push_back([this, &n] { wake(n); });
        else
          wake(n);
      }
    });
  }
}

void world::look_at_watched(node& n) {
  auto it = pushed_.find(watched_);
  if (!trace_ || it == pushed_.end())
    return;
  const auto& [queue, id] = it->second;
  const auto& copies = n.machine->copies();
  std::string state = copies.holds(queue, id)         ? "holds"
                      : copies.context().contains(id) ? "knows as settled"
                                                      : "lacks";
  if (auto moved = copies.to_move(queue, {id}, now_); !moved.units.empty())
    state += " in " + text_of(moved.units.front());
  if (auto q = n.queues.find(queue); q != n.queues.end() && q->second.machine().holds(id))
    state += ", and its queue";
  if (std::exchange(n.seen_of_watched, state) != state)
    tell(n.id.name + " WATCH " + state);
}

void world::wake(node& n) {
  settle_effects(n); // whoever stood still notices that first
  for (auto& [name, q] : n.queues)
    q.tick(*n.machine, now_, n.effects);
  settle_effects(n);
}

void world::carry_out(node& n, node_effect& e) {
  auto& m = *n.machine;
  auto queue = [&](const std::string& name) -> local_queue& {
    auto read = [&n, name](message_id id) { return n.disk.find(name, id); };
    return n.queues.try_emplace(name, name, properties_of(name, plan_), n.tag, n, ++n.queues_made << 32, read)
      .first->second;
  };
  if (auto* frame = std::get_if<node_effects::send_frame>(&e)) {
    send(n, frame->to, std::move(frame->frame));
  } else if (std::holds_alternative<node_effects::hold_queues>(e)) {
    for (auto& [name, q] : n.queues)
      q.hold();
    m.held(now_, n.effects);
  } else if (auto* serve = std::get_if<node_effects::serve_queue>(&e)) {
    queue(serve->queue).serve(serve->units, m, now_, n.effects);
  } else if (auto* drop = std::get_if<node_effects::drop_queue>(&e)) {
    queue(drop->queue).drop(m, now_, n.effects);
  } else if (auto* adopt = std::get_if<node_effects::adopt_units>(&e)) {
    queue(adopt->queue).adopt(adopt->units, m, now_, n.effects);
  } else if (auto* forget = std::get_if<node_effects::forget_messages>(&e)) {
    queue(forget->queue).forget(forget->what, m, now_, n.effects);
  } else if (auto* away = std::get_if<node_effects::put_away>(&e)) {
    queue(away->queue).put_away(away->ids);
  } else if (auto* safe = std::get_if<node_effects::facts_safe>(&e)) {
    tell(n.id.name + " knows as safe of " + safe->queue + " batch " + std::to_string(safe->number));
    queue(safe->queue).safe(safe->number, m, now_, n.effects);
  } else if (auto* ask = std::get_if<node_effects::ask_queue>(&e)) {
    queue(ask->queue).ask(ask->by, ask->what, m, now_, n.effects);
  } else if (auto* cancel = std::get_if<node_effects::cancel_pull>(&e)) {
    queue(cancel->queue).cancel(cancel->by, m, now_, n.effects);
  } else if (auto* answer = std::get_if<node_effects::answer_question>(&e)) {
    answered(n, answer->number, answer->what);
  } else if (const auto* changed = std::get_if<node_effects::metadata_changed>(&e)) {
    auto it = n.queues.find(changed->what.queue);
    if (it != n.queues.end() && !changed->what.of_queue.exists) {
      it->second.close(m, now_, n.effects);
      n.queues.erase(it);
    }
  } else if (const auto* done = std::get_if<node_effects::write_done>(&e)) {
    if (auto then = n.writes.extract(done->number); !then.empty())
      then.mapped()();
  } else if (const auto* members = std::get_if<node_effects::members_changed>(&e)) {
    if (members->began)
      n.serves_in = *members->began;
  } else if (auto* rows = std::get_if<node_effects::store_rows>(&e)) {
    n.disk.give(std::move(rows->rows), now_);
    n.rows_given = rows->number;
    sync_disk(n);
  } else if (const auto* note = std::get_if<node_effects::note>(&e)) {
    if (note->line.starts_with("cluster.view"))
      ++outcome_.views;
    if (note->line.find("nobody understands") != std::string::npos)
      outcome_.complaints.push_back("a frame or a message was not understood");
    tell(n.id.name + " " + note->line);
  }
}

} // namespace lmq::simulation
