#include "gateway/http_gateway.hpp"

#include "gateway/session.hpp"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace lmq {

namespace {

/// Carries a lease to its queue, once the registry has said where that is.
class lease_return final : public reply_handler {
public:
  lease_return(http_gateway& gateway, lease_id lease) : gateway_(gateway), lease_(lease) {}

  void on_reply(std::uint64_t, caf::mailbox_element& reply) noexcept override {
    if (reply.content().match_elements<queue_ref>())
      gateway_.tell(reply.content().get_as<queue_ref>(0).actor, give_back_atom::value, lease_);
  }

private:
  http_gateway& gateway_; ///< whose slot holds us
  lease_id lease_;
};

} // namespace

http_gateway::http_gateway(caf::actor_config& config, io_unit& unit, broker doors,
                           std::shared_ptr<http_shared> shared)
    : reply_sink(config, unit),
      doors_(std::move(doors)),
      shared_(std::move(shared)),
      ids_(random_incarnation()),
      routes_(shared_->limits.routes_max),
      deadlines_(std::in_place, unit) {}

http_gateway::~http_gateway() = default;

void http_gateway::on_destroy() {
  doors_ = {};
  reply_sink::on_destroy();
}

// -- deliveries that reached nobody ------------------------------------------------------------------------------------

void http_gateway::give_back(const std::string& queue, lease_id lease) {
  if (auto known = routes_.find(queue))
    tell(known->to.actor, give_back_atom::value, lease);
  else if (doors_.registry)
    ask(doors_.registry, reply_handler_ptr{new lease_return(*this, lease)}, 0, find_atom::value, queue);
}

void http_gateway::on_unclaimed(caf::mailbox_element& reply) noexcept {
  auto& content = reply.content();
  if (!content.match_elements<pulled>())
    return;
  const auto& lost = content.get_as<pulled>(0);
  if (lost.delivery)
    give_back(*lost.queue, lost.delivery->lease);
}

// -- connections -------------------------------------------------------------------------------------------------------

void http_gateway::add(session& s) {
  sessions_.push_back(s);
  ++session_count_;
}

void http_gateway::remove(session& s) {
  sessions_.erase(sessions_.iterator_to(s));
  --session_count_;
  shared_->connections.fetch_sub(1, std::memory_order_relaxed);
  end_if_empty();
}

void http_gateway::write_soon(session& s) {
  writing_soon_.emplace_back(&s);
  if (writing_soon_.size() > 1)
    return;
  boost::asio::post(unit().context(), [this, self = caf::strong_actor_ptr{ctrl()}] {
    for (auto& waiting : std::exchange(writing_soon_, {}))
      waiting->write_held_back();
    unit().flush();
  });
}

std::vector<boost::intrusive_ptr<session>> http_gateway::all_sessions() {
  std::vector<boost::intrusive_ptr<session>> all;
  for (auto& s : sessions_)
    all.emplace_back(&s);
  return all;
}

// -- the end -----------------------------------------------------------------------------------------------------------

void http_gateway::stop(std::function<void()> on_end) {
  stopped_ = std::move(on_end);
  stopping_ = true;
  for (auto& s : all_sessions())
    s->stop();
  if (session_count_ > 0)
    deadlines_->arm_in(stop_deadline_, limits().stop_timeout);
  end_if_empty();
  unit().flush();
}

void http_gateway::stop_now() {
  for (auto& s : all_sessions())
    s->close();
}

void http_gateway::on_deadline(deadline&) noexcept {
  stop_now();
}

// The last session may go within a reply; the sink shuts down on a turn of its own.
void http_gateway::end_if_empty() {
  if (!stopping_ || ended_ || session_count_ > 0)
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
