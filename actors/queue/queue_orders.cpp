#include "actors/queue/queue_orders.hpp"

#include "actors/errors.hpp"
#include "core/fault_point.hpp"

#include <algorithm>
#include <utility>

namespace lmq {

caf::result<order_outcome> queue_orders::take(const queue_order& what) {
  if (const auto* peek = std::get_if<orders::peek>(&what))
    return order_outcome{look_at(std::min(peek->n, peek_limits::messages_max))};
  if (const auto* one = std::get_if<orders::remove>(&what))
    remove(one->id);
  else
    purge();
  return caf::delegated<order_outcome>{};
}

/// Bodies that are away are read, which may wait for the disk: no more than peek_limits allow.
peeked_messages queue_orders::look_at(std::size_t n) {
  steps_.step([](auto) {});
  peeked_messages all;
  read_allowance allowed;
  auto read = [this](message_id id) { return cell_.port->read(*cell_.name, id); };
  for (const auto& m : cell_.machine.peek(n, steps_.now()))
    if (auto one = shown(m, read, allowed)) // else the word that it is settled is on its way
      all.push_back(*std::move(one));
  return all;
}

void queue_orders::remove(message_id which) {
  auto& c = cell_;
  c.owed.begin(self_);
  steps_.step([&](auto at) {
    auto removal = c.machine.erase(which, at, c.decided).map([] { return order_outcome{removed{}}; });
    auto batch = removal ? recorder_.next_batch() : 0;
    c.owed.decide_order(std::move(removal), batch);
  });
}

void queue_orders::purge() {
  auto& c = cell_;
  c.owed.begin(self_); // until the purge has it: should this fail, whoever asked hears of it
  auto until = c.machine.end_of_line(steps_.now(), c.decided);
  auto& purge = c.purges.emplace_back();
  purge.asker = c.owed.put_off();
  purge.until = until;
  if (c.purges.size() == 1)
    purge_on();
  else
    steps_.step([](auto) {});
}

bool queue_orders::purge_is_due() const {
  const auto& c = cell_;
  return c.serving && !c.purges.empty() && (!c.port || c.port->unsafe.is_safe(c.purges.front().batch));
}

void queue_orders::purge_on() {
  auto& c = cell_;
  auto purge = std::move(c.purges.front());
  c.purges.pop_front();
  c.owed.begin(std::move(purge.asker));
  steps_.step([&](auto at) {
    auto& rest = c.purges.emplace_front(); // before anything is decided: nothing fails afterwards
    queue_machine::purge_slice slice;
    try {
      slice = c.machine.purge(purge.until, c.purge_slice, at, c.decided);
    } catch (...) {
      c.purges.pop_front();
      throw;
    }
    purge.dropped += slice.dropped;
    auto batch = slice.dropped > 0 ? recorder_.next_batch() : 0;
    if (slice.more) {
      rest = {c.owed.put_off(), purge.until, purge.dropped, batch};
    } else {
      c.purges.pop_front();
      c.owed.decide_order(order_outcome{purged{purge.dropped}}, batch);
    }
  });
}

void queue_orders::drop() {
  for (auto it = cell_.purges.begin(); it != cell_.purges.end(); it = cell_.purges.erase(it)) {
    LMQ_FAULT_POINT("queue.drop_purge");
    it->asker.answer(bounce_error());
  }
}

} // namespace lmq
