#include "metrics/queue_figures.hpp"

namespace lmq {

queue_counts& queue_counts::operator+=(const queue_counts& other) noexcept {
  pushed += other.pushed;
  received += other.received;
  joined += other.joined;
  acked += other.acked;
  settled_elsewhere += other.settled_elsewhere;
  discarded += other.discarded;
  dead_lettered += other.dead_lettered;
  redriven += other.redriven;
  deleted += other.deleted;
  handed_over += other.handed_over;
  delivered += other.delivered;
  nacked += other.nacked;
  extended += other.extended;
  expired += other.expired;
  given_back += other.given_back;
  return *this;
}

} // namespace lmq
