#include "actors/queue/queue_home.hpp"

#include <utility>

namespace lmq {

bool queue_home::serve(const unit_list& units) {
  if (!cell_.port)
    return false;
  bool served = std::exchange(cell_.serving, true);
  of_.moves.look_again();
  adopt(units);
  return !served;
}

void queue_home::hold() {
  if (!cell_.port)
    return;
  cell_.serving = false;
  of_.recorder.tell_now();
}

void queue_home::adopt(const unit_list& units) {
  if (!cell_.port || !units)
    return;
  cell_.port->adopting = units;
  steps_.step([this](auto at) { finish_adopting(at); });
}

void queue_home::finish_adopting(time_point at) {
  auto& port = *cell_.port;
  for (; port.adopting && port.adopted < port.adopting->size(); ++port.adopted)
    cell_.machine.adopt((*port.adopting)[port.adopted], at, cell_.decided);
  port.adopting = nullptr;
  port.adopted = 0;
  of_.moves.look_again(); // what was on its way may have come back
}

void queue_home::forget(const settled_messages& gone) {
  if (!cell_.port || !gone)
    return;
  cell_.port->forgetting = gone;
  steps_.step([this](auto at) { finish_forgetting(at); });
}

void queue_home::finish_forgetting(time_point at) {
  if (auto& gone = cell_.port->forgetting) {
    cell_.machine.forget(*gone, at, cell_.decided);
    gone = nullptr;
    of_.moves.look_again(); // what was on its way may be gone
  }
}

void queue_home::drop() {
  if (!cell_.port)
    return;
  cell_.serving = false;
  cell_.port->dropping = true;
  finish_dropping();
}

void queue_home::finish_dropping() {
  cell_.machine.drop();
  of_.moves.drop();
  of_.recorder.drop();
  of_.waiters.drop();
  of_.orders.drop();
  cell_.port->dropping = false;
}

void queue_home::take_over() {
  if (!cell_.port)
    return;
  if (cell_.port->dropping)
    finish_dropping();
  of_.recorder.take_over();
  finish_adopting(steps_.now());
  finish_forgetting(steps_.now());
}

} // namespace lmq
