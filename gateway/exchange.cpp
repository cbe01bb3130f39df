#include "gateway/exchange.hpp"

#include "actors/errors.hpp"
#include "gateway/gateway_actor.hpp"

#include <algorithm>
#include <spdlog/spdlog.h>
#include <utility>

namespace lmq {

namespace {

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

/// The name of the queue that a request goes to; nullptr for requests that name none, or that the registry
/// answers.
const std::string* queue_of(const request& what) {
  return std::visit(overloaded{
                      [](const push_one& r) { return &r.queue; },
                      [](const pull_one& r) { return &r.queue; },
                      [](const settle_lease& r) { return &r.queue; },
                      [](const purge_queue& r) { return &r.queue; },
                      [](const pause_queue& r) { return &r.queue; },
                      [](const resume_queue& r) { return &r.queue; },
                      [](const peek_messages& r) { return &r.queue; },
                      [](const remove_message& r) { return &r.queue; },
                      [](const redrive_queue& r) { return &r.queue; },
                      [](const auto&) { return static_cast<const std::string*>(nullptr); },
                    },
                    what);
}

/// Whether the queue comes into being by this.
bool opens_queue(const request& what) {
  return std::holds_alternative<push_one>(what) || std::holds_alternative<pull_one>(what);
}

property_set paused(bool is) {
  property_set change;
  change.paused = is;
  return change;
}

bool is_of_cluster(const request& what) {
  return std::holds_alternative<get_cluster>(what) || std::holds_alternative<join_cluster>(what) ||
         std::holds_alternative<leave_cluster>(what) || std::holds_alternative<forget_member>(what);
}

} // namespace

// -- what its holder wants to know -------------------------------------------------------------------------------------

void exchange::prepare(request what, route_use way) {
  what_ = std::move(what);
  resends_ = 0;
  hurried_ = false;
  if (const auto* queue = queue_of(what_); queue != nullptr && way == route_use::known)
    route_ = gateway_.routes().find(*queue);
}

bool exchange::wants_headers() const noexcept {
  if (std::holds_alternative<push_one>(what_))
    return !route_ || (route_->to.wants_headers && route_->to.wants_headers->load(std::memory_order_acquire));
  return std::holds_alternative<push_matching>(what_);
}

void exchange::set_headers(header_list headers) {
  headers_ = std::make_shared<const header_list>(std::move(headers));
}

/// How long the pull waits, if it is one.
const wait_time* exchange::pull() const noexcept {
  if (const auto* one = std::get_if<pull_one>(&what_))
    return &one->wait;
  if (const auto* matching = std::get_if<pull_matching>(&what_))
    return &matching->wait;
  return nullptr;
}

bool exchange::waiting() const noexcept {
  if (step_ == step::none || hurried_)
    return false;
  const auto* wait = pull();
  return wait != nullptr ? *wait != duration::zero() : std::holds_alternative<leave_cluster>(what_);
}

std::chrono::milliseconds exchange::answer_time_max() const noexcept {
  const auto& limits = gateway_.limits();
  if (std::holds_alternative<leave_cluster>(what_))
    return limits.leave_timeout;
  return std::holds_alternative<make_backup>(what_) ? limits.backup_timeout : limits.answer_timeout;
}

std::optional<time_point> exchange::due() const noexcept {
  auto at = begun_ + answer_time_max();
  const auto* wait = pull();
  if (wait == nullptr || !waiting())
    return at;
  if (*wait)
    return at + **wait;
  return std::nullopt;
}

wait_time exchange::time_left(time_point now) const {
  const auto& wait = *pull();
  if (hurried_)
    return duration::zero();
  if (!wait)
    return std::nullopt;
  return std::max(duration::zero(), begun_ + *wait - now);
}

// -- asking ------------------------------------------------------------------------------------------------------------

template <class Handle, class... Ts>
void exchange::ask(step next, reply_to owner, const Handle& to, Ts&&... message) {
  step_ = next;
  open_ =
    gateway_.ask(to, reply_handler_ptr{&owner.handler},
                 owner.mark << step_bits | static_cast<std::uint64_t>(next), std::forward<Ts>(message)...);
}

void exchange::resolve(reply_to owner) {
  const auto& name = *queue_of(what_);
  const auto& registry = gateway_.doors().registry;
  if (opens_queue(what_))
    ask(step::resolving, owner, registry, resolve_atom::value, name);
  else
    ask(step::resolving, owner, registry, find_atom::value, name);
}

void exchange::ask_queue(reply_to owner, time_point now) {
  const auto& queue = route_->to.actor;
  if (std::holds_alternative<push_one>(what_))
    ask(step::asking, owner, queue, push_atom::value, id_, content_, headers_);
  else if (std::holds_alternative<pull_one>(what_))
    ask(step::asking, owner, queue, pull_atom::value, waiter_, time_left(now));
  else if (const auto* settle = std::get_if<settle_lease>(&what_))
    ask(step::asking, owner, queue, settle_atom::value, settle->lease, settle->what);
  else if (const auto* peek = std::get_if<peek_messages>(&what_))
    ask(step::asking, owner, queue, order_atom::value, queue_order{orders::peek{peek->n}});
  else if (std::holds_alternative<purge_queue>(what_))
    ask(step::asking, owner, queue, order_atom::value, queue_order{orders::purge{}});
  else if (const auto* one = std::get_if<remove_message>(&what_))
    ask(step::asking, owner, queue, order_atom::value, queue_order{orders::remove{one->id}});
  else if (const auto* redrive = std::get_if<redrive_queue>(&what_))
    ask(step::asking, owner, queue, redrive_atom::value, redrive->limit);
  else if (const auto* of = queue_of(what_)) // it is there, and is paused or resumed
    ask(step::asking, owner, gateway_.doors().registry, patch_atom::value, *of,
        paused(std::holds_alternative<pause_queue>(what_)));
}

/// The first step of each kind of request; again when the broker's doors have changed.
struct exchange::starter {
  exchange& self;
  reply_to owner;
  time_point now;

  void operator()(const push_one&) const { queue(); }
  void operator()(const pull_one&) const { queue(); }
  void operator()(const settle_lease&) const { queue(); }
  void operator()(const purge_queue&) const { queue(); }
  void operator()(const peek_messages&) const { queue(); }
  void operator()(const remove_message&) const { queue(); }
  // What the gateway has learnt may be out of date, and no queue is made of that.
  void operator()(const pause_queue&) const { self.resolve(owner); }
  void operator()(const resume_queue&) const { self.resolve(owner); }
  void operator()(const redrive_queue&) const { queue(); }

  void operator()(const push_matching& r) const {
    self.ask(step::asking, owner, self.gateway_.doors().fan_out, push_atom::value, r.pattern, self.content_,
             self.headers_);
  }
  void operator()(const pull_matching& r) const {
    self.ask(step::asking, owner, self.gateway_.doors().pull_any, pull_atom::value, r.pattern, self.waiter_,
             self.time_left(now));
  }
  void operator()(const get_stats&) const {
    self.ask(step::asking, owner, self.gateway_.doors().fan_out, report_atom::value);
  }

  void operator()(const list_queues& r) const {
    self.ask(step::asking, owner, self.gateway_.doors().fan_out, report_atom::value, r.page);
  }
  void operator()(const describe_queue& r) const {
    self.ask(step::asking, owner, self.gateway_.doors().fan_out, report_atom::value, r.queue);
  }

  void operator()(const delete_queue& r) const { registry(remove_atom::value, r.queue); }
  void operator()(const get_rules&) const { registry(rules_atom::value); }
  void operator()(const put_rules& r) const { registry(set_rules_atom::value, r.rules); }
  void operator()(const delete_rules&) const { registry(set_rules_atom::value, std::vector<rule>{}); }
  void operator()(const get_properties& r) const { registry(props_atom::value, r.queue); }
  void operator()(const patch_properties& r) const { registry(patch_atom::value, r.queue, r.change); }
  void operator()(const delete_properties& r) const { registry(reset_atom::value, r.queue); }
  void operator()(const revive_queue& r) const { registry(revive_atom::value, r.queue); }
  void operator()(const get_health&) const {
    self.ask(step::asking, owner, self.gateway_.doors().supervisor, health_atom::value);
  }

  void operator()(const get_metrics&) const { door(self.gateway_.doors().metrics, metrics_atom::value); }

  void operator()(const get_cluster&) const { cluster(status_atom::value); }
  void operator()(const join_cluster& r) const { cluster(join_atom::value, r.address.host, r.address.port); }
  void operator()(const leave_cluster&) const { cluster(leave_atom::value, self.waiter_); }
  void operator()(const forget_member& r) const { cluster(forget_atom::value, r.name); }

  void operator()(const make_backup& r) const {
    door(self.gateway_.doors().backup, backup_atom::value, r.directory);
  }

private:
  void queue() const {
    if (self.route_)
      self.ask_queue(owner, now);
    else
      self.resolve(owner);
  }

  template <class... Ts>
  void registry(Ts&&... message) const {
    self.ask(step::asking, owner, self.gateway_.doors().registry, std::forward<Ts>(message)...);
  }

  template <class... Ts>
  void cluster(Ts&&... message) const {
    door(self.gateway_.doors().cluster, std::forward<Ts>(message)...);
  }

  /// Where there is no such door, the supervisor is asked whether that is so; see `on_reply`.
  template <class Handle, class... Ts>
  void door(const Handle& to, Ts&&... message) const {
    if (to)
      self.ask(step::asking, owner, to, std::forward<Ts>(message)...);
    else
      self.ask(step::meeting, owner, self.gateway_.doors().supervisor, doors_atom::value);
  }
};

std::optional<refusal> exchange::refused() const {
  if (is_push(what_))
    return gateway_.pushes().refused(); // it may have been closed since the head came
  const auto* wait = pull();
  auto most = gateway_.limits().waiters_max;
  if (wait == nullptr || *wait == duration::zero() ||
      gateway_.waiters().load(std::memory_order_relaxed) < most)
    return std::nullopt;
  return refusal{reason::unavailable,
                 "there are " + std::to_string(most) +
                   " pulls that wait at this node already; try again later, pull with t=0, or "
                   "have the server started with a larger --waiters-max"};
}

void exchange::begin(reply_to owner, time_point now) {
  begun_ = now;
  if (const auto* wait = pull(); wait != nullptr && *wait != duration::zero()) {
    gateway_.waiters().fetch_add(1, std::memory_order_relaxed);
    counted_ = true;
  }
  // Given once, however often it must be sent: the same push makes one message, the same pull keeps its
  // place.
  if (std::holds_alternative<push_one>(what_))
    id_ = gateway_.ids().next();
  else if (pull() != nullptr || std::holds_alternative<leave_cluster>(what_))
    waiter_ = next_waiter_id();
  ask_first(owner, now);
}

void exchange::ask_first(reply_to owner, time_point now) {
  std::visit(starter{*this, owner, now}, what_);
}

// -- replies -----------------------------------------------------------------------------------------------------------

std::optional<answer> exchange::on_reply(reply_to owner, std::uint64_t tag, caf::mailbox_element& reply,
                                         time_point now) {
  step_ = step::none;
  auto at = static_cast<step>(tag & ((1U << step_bits) - 1));
  std::optional<answer> done;
  if (const auto* error = error_in(reply)) {
    done = on_error(at, owner, *error);
  } else if (auto* found = only<queue_ref>(reply); at == step::resolving && found != nullptr) {
    route_ = gateway_.routes().put(std::move(*found));
    ask_queue(owner, now);
  } else if (const auto* doors = only<broker>(reply); at == step::meeting && doors != nullptr) {
    gateway_.meet(*doors);
    if (is_of_cluster(what_) && !doors->cluster)
      done = no_cluster{};
    else if (std::holds_alternative<make_backup>(what_) && !doors->backup)
      done = no_storage{};
    else if (std::holds_alternative<get_metrics>(what_) && !doors->metrics)
      done = refusal{reason::unavailable, "this node keeps no figures"};
    else
      ask_first(owner, now);
  } else {
    done = read(reply);
  }
  if (done)
    forget();
  return done;
}

answer exchange::read(caf::mailbox_element& reply) {
  if (const auto* outcome = only<push_outcome>(reply))
    return *outcome;
  if (auto* got = only<pulled>(reply)) {
    if (got->delivery)
      return delivered{std::move(got->queue), std::move(*got->delivery)};
    return nothing{};
  }
  if (reply.content().empty())
    return nothing{};
  if (auto* outcomes = only<push_outcomes>(reply))
    return std::move(*outcomes);
  if (auto* in_force = only<properties>(reply))
    return std::move(*in_force);
  if (auto* rules = only<std::vector<rule>>(reply))
    return std::move(*rules);
  if (auto* reports = only<std::vector<queue_report>>(reply))
    return std::move(*reports);
  if (auto* report = only<queue_report>(reply))
    return std::move(*report);
  if (auto* page = only<queue_page>(reply))
    return std::move(*page);
  if (auto* done = only<order_outcome>(reply))
    return std::visit(overloaded{[](removed) -> answer { return nothing{}; },
                                 [](auto& what) -> answer { return std::move(what); }},
                      *done);
  if (auto* health = only<health_report>(reply)) {
    health->waits(gateway_.nodes().get()->waits_for);
    if (auto no = gateway_.pushes().refused())
      health->reasons.push_back("pushes are refused: " + no->detail);
    return std::move(*health);
  }
  if (auto* cluster = only<cluster_status>(reply))
    return std::move(*cluster);
  if (auto* copied = only<backup_outcome>(reply))
    return std::move(*copied);
  if (const auto* moved = only<std::uint64_t>(reply))
    return moved_messages{*moved};
  if (auto* figures = only<std::string>(reply))
    return metrics_text{std::move(*figures)};
  spdlog::error("gateway.reply_not_understood request={}", what_.index());
  return refusal{reason::unavailable, "the server did not understand itself; try again"};
}

// What came back without being looked at is sent again: from a queue, by the way that the registry knows;
// from the registry or another part, to the one that the supervisor has put in its place.
std::optional<answer> exchange::on_error(step at, reply_to owner, const caf::error& e) {
  if (!bounced(e) || at == step::meeting || ++resends_ > gateway_.limits().resends_max)
    return to_refusal(e);
  if (at == step::asking && route_) {
    gateway_.routes().forget(*std::exchange(route_, nullptr));
    resolve(owner);
  } else {
    ask(step::meeting, owner, gateway_.doors().supervisor, doors_atom::value);
  }
  return std::nullopt;
}

// -- the end of it -----------------------------------------------------------------------------------------------------

void exchange::tell_cancel() noexcept {
  if (step_ != step::asking)
    return;
  if (const auto* one = std::get_if<pull_one>(&what_))
    gateway_.cancel(one->queue, waiter_);
  else if (std::holds_alternative<pull_matching>(what_))
    gateway_.tell(gateway_.doors().pull_any, cancel_atom::value, waiter_);
  else if (std::holds_alternative<leave_cluster>(what_) && gateway_.doors().cluster)
    gateway_.tell(gateway_.doors().cluster, cancel_atom::value, waiter_);
}

void exchange::abandon() noexcept {
  if (step_ != step::none) {
    tell_cancel();
    gateway_.close(open_);
  }
  forget();
}

void exchange::hurry(time_point now) {
  if (!waiting())
    return;
  tell_cancel(); // and the answer comes as always, with what was on its way or with nothing
  hurried_ = true;
  begun_ = now;
}

void exchange::forget() noexcept {
  if (std::exchange(counted_, false))
    gateway_.waiters().fetch_sub(1, std::memory_order_relaxed);
  step_ = step::none;
  what_ = get_stats{}; // holds nothing
  content_ = {};
  headers_.reset();
  route_.reset();
}

} // namespace lmq
