#include "gateway/gateway_actor.hpp"

#include "core/log_value.hpp"
#include "gateway/connection.hpp"
#include "gateway/errand.hpp"

#include <algorithm>
#include <cstddef>
#include <spdlog/spdlog.h>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace lmq {

gateway_actor::gateway_actor(caf::actor_config& config, io_unit& unit, broker doors,
                             std::shared_ptr<gateway_shared> shared)
    : reply_sink(config, unit),
      doors_(std::move(doors)),
      shared_(std::move(shared)),
      tokens_(shared_->admission.tokens),
      tls_(shared_->admission.tls),
      ids_(random_incarnation()),
      tally_(shared_->new_tally()),
      routes_(shared_->limits.routes_max),
      deadlines_(std::in_place, unit) {}

gateway_actor::~gateway_actor() = default;

void gateway_actor::on_destroy() {
  doors_ = {};
  reply_sink::on_destroy();
}

// -- deliveries that reached nobody ------------------------------------------------------------------------------------

void gateway_actor::give_back(const std::string& queue, lease_id lease) noexcept {
  send_errand(queue, lease);
}

void gateway_actor::cancel(const std::string& queue, waiter_id waiter) noexcept {
  send_errand(queue, waiter);
}

template <class Matter>
void gateway_actor::send_errand(const std::string& queue, Matter what) noexcept {
  try {
    boost::intrusive_ptr<errand> carried{new errand(*this, queue, what)};
    carried->start();
  } catch (const std::exception& e) {
    spdlog::warn("gateway.errand_failed what={}",
                 log_value(e.what())); // a lease runs out, a delivery comes back
  }
}

void gateway_actor::take_back(caf::mailbox_element& reply) noexcept {
  if (const auto* lost = only<pulled>(reply); lost != nullptr && lost->delivery && lost->queue)
    give_back(*lost->queue, lost->delivery->lease);
}

// -- connections -------------------------------------------------------------------------------------------------------

void gateway_actor::add(connection& c) {
  connections_.push_back(c);
  ++connection_count_;
}

void gateway_actor::remove(connection& c) {
  connections_.erase(connections_.iterator_to(c));
  --connection_count_;
  end_if_empty();
}

void gateway_actor::count_crash() noexcept {
  shared_->crashes.fetch_add(1, std::memory_order_relaxed);
  try {
    if (doors_.supervisor)
      tell(doors_.supervisor, crashed_atom::value, std::string{"connection"});
  } catch (const std::exception&) {
    // It is in the log.
  }
}

void gateway_actor::write_soon(connection& c) {
  writing_soon_.emplace_back(&c);
  if (!std::exchange(write_posted_, true))
    post_writing();
}

void gateway_actor::post_writing() {
  boost::asio::post(unit().context(), [this, self = caf::strong_actor_ptr{ctrl()}] {
    write_now();
    unit().flush();
  });
}

/// Those who are left after `burst_bytes_per_turn` come behind the sockets that are ready.
void gateway_actor::write_now() {
  auto left = limits().burst_bytes_per_turn;
  for (auto n = writing_soon_.size(); n > 0 && left > 0; --n) {
    auto next = std::move(writing_soon_.front());
    writing_soon_.pop_front();
    left -= std::min(left, next->held_back_bytes());
    next->write_held_back();
  }
  write_posted_ = !writing_soon_.empty();
  if (write_posted_)
    post_writing();
}

std::vector<boost::intrusive_ptr<connection>> gateway_actor::all_connections() {
  std::vector<boost::intrusive_ptr<connection>> all;
  for (auto& c : connections_)
    all.emplace_back(&c);
  return all;
}

// -- the end -----------------------------------------------------------------------------------------------------------

void gateway_actor::stop(std::function<void()> on_end) {
  stopped_ = std::move(on_end);
  stopping_ = true;
  for (auto& c : all_connections())
    c->stop();
  if (connection_count_ > 0)
    deadlines_->arm_in(stop_deadline_, limits().stop_timeout);
  end_if_empty();
  unit().flush();
}

void gateway_actor::stop_now() {
  for (auto& c : all_connections())
    c->close();
}

void gateway_actor::on_deadline(deadline&) noexcept {
  stop_now();
}

// The last connection may go within a reply; the sink shuts down on a turn of its own.
void gateway_actor::end_if_empty() {
  if (!stopping_ || ended_ || connection_count_ > 0)
    return;
  ended_ = true;
  boost::asio::post(unit().context(), [this, self = caf::strong_actor_ptr{ctrl()}] {
    shut_down();
    routes_.clear();
    doors_ = {};
    stop_deadline_.cancel();
    deadlines_.reset();
    if (auto last_word = std::exchange(stopped_, nullptr))
      last_word();
  });
}

} // namespace lmq
