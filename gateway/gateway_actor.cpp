#include "gateway/gateway_actor.hpp"

#include "actors/errors.hpp"
#include "gateway/connection.hpp"

#include <spdlog/spdlog.h>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace lmq {

namespace {

/// Carries a lease to its queue: along the known way, else by the registry's word, else at the doors of now.
class lease_return final : public reply_handler {
public:
  lease_return(gateway_actor& gateway, std::string queue, lease_id lease)
      : gateway_(gateway), queue_(std::move(queue)), lease_(lease) {}

  void start() {
    if (auto known = gateway_.routes().find(queue_))
      give(known->to.actor);
    else
      find();
  }

  void on_reply(std::uint64_t, caf::mailbox_element& reply) noexcept override {
    try {
      auto& content = reply.content();
      if (content.match_elements<queue_ref>())
        give(gateway_.routes().put(content.get_as<queue_ref>(0))->to.actor);
      else if (content.match_elements<broker>()) {
        gateway_.meet(content.get_as<broker>(0));
        find();
      } else if (const auto* e = error_in(reply); e != nullptr && bounced(*e))
        on_bounce();
    } catch (const std::exception& e) {
      spdlog::warn("gateway.lease_not_returned queue=\"{}\" what=\"{}\"", queue_, e.what());
    }
  }

private:
  enum class step { giving, finding, meeting };

  void give(const queue_handle& to) { ask(step::giving, to, give_back_atom::value, lease_); }
  void find() { ask(step::finding, gateway_.doors().registry, find_atom::value, queue_); }

  void on_bounce() {
    if (++tries_ > gateway_.limits().resends_max)
      return;
    if (step_ == step::giving) {
      if (auto stale = gateway_.routes().find(queue_))
        gateway_.routes().forget(*stale);
      find();
    } else if (step_ == step::finding) {
      ask(step::meeting, gateway_.doors().supervisor, doors_atom::value);
    }
  }

  template <class Handle, class... Ts>
  void ask(step next, const Handle& to, Ts&&... message) {
    step_ = next;
    if (to) // none when the node stops
      gateway_.ask(to, reply_handler_ptr{this}, 0, std::forward<Ts>(message)...);
  }

  gateway_actor& gateway_; ///< whose slot holds us
  std::string queue_;
  lease_id lease_;
  step step_ = step::giving;
  unsigned tries_ = 0;
};

} // namespace

gateway_actor::gateway_actor(caf::actor_config& config, io_unit& unit, broker doors,
                             std::shared_ptr<gateway_shared> shared)
    : reply_sink(config, unit),
      doors_(std::move(doors)),
      shared_(std::move(shared)),
      ids_(random_incarnation()),
      routes_(shared_->limits.routes_max),
      deadlines_(std::in_place, unit) {}

gateway_actor::~gateway_actor() = default;

void gateway_actor::on_destroy() {
  doors_ = {};
  reply_sink::on_destroy();
}

// -- deliveries that reached nobody ------------------------------------------------------------------------------------

void gateway_actor::give_back(const std::string& queue, lease_id lease) noexcept {
  try {
    boost::intrusive_ptr<lease_return> carrier{new lease_return(*this, queue, lease)};
    carrier->start();
  } catch (const std::exception& e) {
    spdlog::warn("gateway.lease_not_returned what=\"{}\"", e.what()); // it runs out
  }
}

void gateway_actor::give_back_from(caf::mailbox_element& reply) noexcept {
  auto& content = reply.content();
  if (!content.match_elements<pulled>())
    return;
  const auto& lost = content.get_as<pulled>(0);
  if (lost.delivery && lost.queue)
    give_back(*lost.queue, lost.delivery->lease);
}

void gateway_actor::take_back(caf::mailbox_element& reply) noexcept {
  give_back_from(reply);
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
  if (writing_soon_.size() > 1)
    return;
  boost::asio::post(unit().context(), [this, self = caf::strong_actor_ptr{ctrl()}] {
    for (auto& waiting : std::exchange(writing_soon_, {}))
      waiting->write_held_back();
    unit().flush();
  });
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
