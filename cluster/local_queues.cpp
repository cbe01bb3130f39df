#include "cluster/local_queues.hpp"

#include "actors/errors.hpp"
#include "cluster/codec.hpp"
#include "cluster/node_machine.hpp"

#include <algorithm>
#include <caf/typed_event_based_actor.hpp>
#include <utility>

namespace lmq {

// -- the registry ------------------------------------------------------------------------------------------------------

void local_queues::meet(const registry_handle& inner, const std::vector<metadata_change>& names) {
  registry_ = inner;
  for (const auto& known : names)
    if (known.queue.empty() || known.of_queue.exists)
      apply(known);
  caf::anon_send(registry_, subscribe_atom::value, caf::strong_actor_ptr{self_.ctrl()});
  for (auto& [queue, local] : queues_)
    if (local.resolving)
      resolve(queue);
}

void local_queues::opened(const queue_ref& q) {
  known(q);
}

/// Its cell has kept everything; requests to the old actor come back by themselves.
void local_queues::restarted(const queue_ref& q) {
  known(q);
  if (holding_.contains(*q.name))
    hold_one(*q.name);
}

void local_queues::gone(const std::string& queue) {
  auto it = queues_.find(queue);
  if (it == queues_.end() || !it->second.actor)
    return; // it was deleted, and `apply` has seen to that
  // It is down: its cell keeps everything until it is revived, and then goes on where it was.
  it->second.actor = nullptr;
  one_is_held(queue);
}

void local_queues::known(const queue_ref& q) {
  auto& local = queues_[*q.name];
  if (local.name != q.name)
    begin_life(local, q.name);
  local.resolving = false;
  local.actor = q.actor;
  if (local.safe > 0)
    caf::anon_send(local.actor, safe_atom::value, local.safe);
  if (std::exchange(local.stale, false)) {
    // It was down, and has missed something: it begins anew.
    caf::anon_send(local.actor, drop_atom::value);
    owner_.queue_lost(*q.name);
  }
  auto to_say = std::exchange(local.to_say, {});
  auto actor = local.actor;
  for (auto& [what, by] : to_say)
    what(actor);
}

void local_queues::begin_life(local_queue& local, const std::shared_ptr<const std::string>& name) {
  local.name = name;
  local.life = ++lives_;
  local.recorded = local.safe = 0;
}

void local_queues::say(const std::string& queue, saying what, std::optional<asker> by) {
  auto& local = queues_[queue];
  if (local.actor)
    return what(local.actor);
  local.to_say.emplace_back(std::move(what), by);
  if (!std::exchange(local.resolving, true))
    resolve(queue);
}

void local_queues::resolve(const std::string& queue) {
  if (!registry_)
    return; // `meet` does it
  self_.request(registry_, caf::infinite, resolve_atom::value, queue)
    .then([this](const queue_ref& q) { known(q); },
          [this, queue](caf::error& e) {
            // The registry has just ended: the next one is asked. Or the queue is down, and nothing is said
            // to it.
            if (bounced(e))
              return;
            auto& local = queues_[queue];
            local.resolving = false;
            for (auto& [what, by] : std::exchange(local.to_say, {}))
              if (by)
                failed(*by, e);
              else
                local.stale = true;
            one_is_held(queue);
          });
}

void local_queues::apply(const metadata_change& change) {
  if (!registry_)
    return;
  if (change.queue.empty()) {
    self_.request(registry_, caf::infinite, replace_atom::value, change.rules)
      .then([] {}, [](caf::error&) {});
    return;
  }
  const auto& q = change.of_queue;
  if (!q.exists) {
    self_.request(registry_, caf::infinite, remove_atom::value, change.queue).then([] {}, [](caf::error&) {});
    if (auto it = queues_.find(change.queue); it != queues_.end() && it->second.actor) {
      // What is said from now on is said to its successor.
      it->second.actor = nullptr;
      it->second.deleted = std::exchange(it->second.name, nullptr);
      it->second.serves = false;
      one_is_held(change.queue);
    }
    return;
  }
  self_.request(registry_, caf::infinite, replace_atom::value, change.queue, q.own)
    .then([] {}, [](caf::error&) {});
}

// -- the queues --------------------------------------------------------------------------------------------------------

/// What must not be missed: a queue that ends over it, or before it, begins anew.
template <class... Ts>
void local_queues::tell(const std::string& queue, const queue_handle& to, Ts&&... what) {
  ++telling_;
  self_.request(to, caf::infinite, std::forward<Ts>(what)...)
    .then([this] { one_is_told(); },
          [this, queue](caf::error&) {
            queues_[queue].stale = true;
            one_is_told();
          });
}

void local_queues::one_is_told() {
  if (--telling_ == 0)
    owner_.told_all();
}

bool local_queues::all_told() const {
  return registry_ && telling_ == 0 &&
         std::none_of(queues_.begin(), queues_.end(), [](const auto& q) { return q.second.resolving; });
}

void local_queues::hold() {
  holding_.clear();
  std::vector<std::string> all;
  for (const auto& [queue, local] : queues_)
    if (local.serves)
      all.push_back(queue);
  holding_.insert(all.begin(), all.end());
  if (all.empty())
    return owner_.held();
  for (const auto& queue : all)
    hold_one(queue);
}

void local_queues::hold_one(const std::string& queue) {
  say(queue, [this, queue](const queue_handle& to) {
    self_.request(to, caf::infinite, hold_atom::value)
      .then([this, queue] { one_is_held(queue); },
            [](caf::error&) {
              // It has ended; `restarted` or `gone` follows.
            });
  });
}

void local_queues::one_is_held(const std::string& queue) {
  if (holding_.erase(queue) > 0 && holding_.empty())
    owner_.held();
}

void local_queues::serve(const std::string& queue, std::vector<held_unit> units) {
  queues_[queue].serves = true;
  auto list = std::make_shared<const std::vector<held_unit>>(std::move(units));
  say(queue,
      [this, queue, list](const queue_handle& to) { tell(queue, to, serve_atom::value, unit_list{list}); });
}

void local_queues::drop(const std::string& queue) {
  queues_[queue].serves = false;
  say(queue, [this, queue](const queue_handle& to) { tell(queue, to, drop_atom::value); });
}

void local_queues::adopt(const std::string& queue, std::vector<held_unit> units) {
  auto list = std::make_shared<const std::vector<held_unit>>(std::move(units));
  say(queue,
      [this, queue, list](const queue_handle& to) { tell(queue, to, adopt_atom::value, unit_list{list}); });
}

void local_queues::forget(const std::string& queue, facts::settled what) {
  settled_messages gone = std::make_shared<const facts::settled>(std::move(what));
  say(queue, [this, queue, gone](const queue_handle& to) { tell(queue, to, forget_atom::value, gone); });
}

/// Only memory is at stake: who is not there has nothing to put away.
void local_queues::put_away(const std::string& queue, std::vector<message_id> ids) {
  if (auto it = queues_.find(queue); it != queues_.end() && it->second.actor)
    caf::anon_send(it->second.actor, put_away_atom::value,
                   std::make_shared<const std::vector<message_id>>(std::move(ids)));
}

/// Something came between: it is asked again, or nobody knows what came of it.
void local_queues::failed(asker by, const caf::error& e) {
  if (bounced(e))
    return owner_.queue_told(by, std::nullopt);
  auto no = to_refusal(e);
  owner_.queue_told(by, answered::refused{static_cast<std::uint8_t>(no.why), std::move(no.detail)});
}

template <class... Ts>
void local_queues::request(asker by, const queue_handle& to, Ts&&... what) {
  self_.request(to, caf::infinite, std::forward<Ts>(what)...)
    .then([this, by] { owner_.queue_told(by, answered::nothing{}); },
          [this, by](caf::error& e) { failed(by, e); });
}

void local_queues::ask(asker by, const std::string& queue, question what) {
  struct asking {
    local_queues& all;
    asker by;
    const std::string& queue;
    const queue_handle& to;

    void operator()(asked::push& x) const {
      all.self_.request(to, caf::infinite, push_atom::value, x.id, std::move(x.content), request_headers{})
        .then(
          [&all_ = all, by_ = by](push_outcome outcome) {
            all_.owner_.queue_told(by_, answered::pushed{static_cast<std::uint8_t>(outcome)});
          },
          [&all_ = all, by_ = by](caf::error& e) { all_.failed(by_, e); });
    }
    void operator()(asked::pull& x) const {
      auto waiter = next_waiter_id();
      all.waiters_[by] = waiter;
      all.self_.request(to, caf::infinite, pull_atom::value, waiter, wait_time{x.wait})
        .then(
          [&all_ = all, by_ = by](pulled& got) {
            all_.waiters_.erase(by_);
            if (got.delivery)
              all_.owner_.queue_told(by_, answered::delivered{*got.queue, std::move(*got.delivery)});
            else
              all_.owner_.queue_told(by_, answered::nothing{});
          },
          [&all_ = all, by_ = by](caf::error& e) {
            all_.waiters_.erase(by_);
            all_.failed(by_, e);
          });
    }
    void operator()(asked::settle& x) const {
      all.request(by, to, settle_atom::value, x.lease, static_cast<verdict>(x.verdict));
    }
    void operator()(asked::give_back& x) const { all.request(by, to, give_back_atom::value, x.lease); }
    void operator()(asked::redrive& x) const {
      all.self_.request(to, caf::infinite, redrive_atom::value, x.limit)
        .then([&all_ = all,
               by_ = by](std::uint64_t moved) { all_.owner_.queue_told(by_, answered::redriven{moved}); },
              [&all_ = all, by_ = by](caf::error& e) { all_.failed(by_, e); });
    }
    void operator()(asked::report&) const {
      all.self_.request(to, caf::infinite, report_atom::value)
        .then(
          [&all_ = all, by_ = by](const queue_report& report) {
            all_.owner_.queue_told(by_, answered::reported{encode(report)});
          },
          [&all_ = all, by_ = by](caf::error& e) { all_.failed(by_, e); });
    }
    void operator()(asked::order& x) const {
      all.self_.request(to, caf::infinite, order_atom::value, x.what)
        .then([&all_ = all, by_ = by](
                order_outcome& done) { all_.owner_.queue_told(by_, answered::ordered{std::move(done)}); },
              [&all_ = all, by_ = by](caf::error& e) { all_.failed(by_, e); });
    }
  };
  // Mostly it is known, and nothing is kept.
  if (auto it = queues_.find(queue); it != queues_.end() && it->second.actor) {
    auto to = it->second.actor;
    std::visit(asking{*this, by, queue, to}, what);
    return;
  }
  say(
    queue,
    [this, by, queue, what](const queue_handle& to) mutable {
      std::visit(asking{*this, by, queue, to}, what);
    },
    by);
}

void local_queues::cancel(asker by, const std::string& queue) {
  auto it = waiters_.find(by);
  if (it == waiters_.end())
    return;
  say(queue, [this, waiter = it->second](const queue_handle& to) {
    self_.request(to, caf::infinite, cancel_atom::value, waiter).then([] {}, [](caf::error&) {});
  });
}

// -- facts -------------------------------------------------------------------------------------------------------------

std::optional<std::uint64_t> local_queues::token_of(const std::shared_ptr<const std::string>& queue,
                                                    std::uint64_t number) {
  auto it = queues_.find(*queue);
  if (it == queues_.end() || (it->second.name != queue && (it->second.name || it->second.deleted == queue)))
    return node_machine::of_deleted; // what it has decided counts
  auto& local = it->second;
  if (!local.name)
    begin_life(local, queue); // the registry will tell of it
  if (number <= local.recorded) {
    if (number <= local.safe && local.actor)
      caf::anon_send(local.actor, safe_atom::value, local.safe);
    return std::nullopt;
  }
  local.recorded = number;
  return local.life << number_bits | number;
}

void local_queues::safe(const std::string& queue, std::uint64_t token) {
  auto it = queues_.find(queue);
  if (it == queues_.end() || token >> number_bits != it->second.life)
    return;
  auto& local = it->second;
  local.safe = token & ((std::uint64_t{1} << number_bits) - 1);
  if (local.actor)
    caf::anon_send(local.actor, safe_atom::value, local.safe);
}

void local_queues::clear() {
  queues_.clear();
  registry_ = nullptr;
}

} // namespace lmq
