#include "gateway/exchange.hpp"

#include "actors/errors.hpp"
#include "gateway/http_gateway.hpp"
#include "gateway/json_properties.hpp"
#include "gateway/json_stats.hpp"

#include <algorithm>
#include <spdlog/spdlog.h>
#include <type_traits>
#include <utility>

namespace lmq {

namespace {

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

/// The only element of `reply`, if that is a T.
template <class T>
T* only(caf::mailbox_element& reply) {
  auto& content = reply.content();
  return content.match_elements<T>() ? &content.get_mutable_as<T>(0) : nullptr;
}

template <class T>
json_document to_document(const T& value) {
  json_document document;
  append_json(document.text, value);
  return document;
}

/// The name of the queue that a request goes to; nullptr for requests that name none, or that the registry
/// answers.
const std::string* queue_of(const request& what) {
  return std::visit(overloaded{
                      [](const push_one& r) { return &r.queue; },
                      [](const pull_one& r) { return &r.queue; },
                      [](const settle_lease& r) { return &r.queue; },
                      [](const auto&) { return static_cast<const std::string*>(nullptr); },
                    },
                    what);
}

} // namespace

// -- what the session wants to know ------------------------------------------------------------------------------------

void exchange::prepare(request what) {
  what_ = std::move(what);
  resends_ = 0;
  hurried_ = false;
  if (const auto* queue = queue_of(what_))
    route_ = gateway_.routes().find(*queue);
}

exchange::body_kind exchange::wanted_body() const noexcept {
  if (std::holds_alternative<push_one>(what_) || std::holds_alternative<push_matching>(what_))
    return body_kind::payload;
  if (std::holds_alternative<put_rules>(what_) || std::holds_alternative<patch_properties>(what_))
    return body_kind::text;
  return body_kind::none;
}

bool exchange::wants_headers() const noexcept {
  if (std::holds_alternative<push_one>(what_))
    return !route_ || (route_->to.wants_headers && route_->to.wants_headers->load(std::memory_order_acquire));
  return std::holds_alternative<push_matching>(what_);
}

void exchange::set_headers(header_list headers) {
  headers_ = std::make_shared<const header_list>(std::move(headers));
}

const pull_options* exchange::pull() const noexcept {
  if (const auto* one = std::get_if<pull_one>(&what_))
    return &one->how;
  if (const auto* matching = std::get_if<pull_matching>(&what_))
    return &matching->how;
  return nullptr;
}

bool exchange::waiting() const noexcept {
  const auto* how = pull();
  return step_ != none && !hurried_ && how != nullptr && how->wait != duration::zero();
}

std::optional<time_point> exchange::due() const noexcept {
  auto at = begun_ + gateway_.limits().answer_timeout;
  if (!waiting())
    return at;
  if (const auto& wait = pull()->wait)
    return at + *wait;
  return std::nullopt;
}

wait_time exchange::time_left(time_point now) const {
  const auto& wait = pull()->wait;
  if (hurried_)
    return duration::zero();
  if (!wait)
    return std::nullopt;
  return std::max(duration::zero(), begun_ + *wait - now);
}

// -- asking ------------------------------------------------------------------------------------------------------------

template <class Handle, class... Ts>
void exchange::ask(step next, reply_handler& owner, const Handle& to, Ts&&... message) {
  step_ = next;
  open_ = gateway_.ask(to, reply_handler_ptr{&owner}, next, std::forward<Ts>(message)...);
}

void exchange::resolve(reply_handler& owner) {
  const auto& name = *queue_of(what_);
  const auto& registry = gateway_.doors().registry;
  if (std::holds_alternative<settle_lease>(what_))
    ask(resolving, owner, registry, find_atom::value, name);
  else
    ask(resolving, owner, registry, resolve_atom::value, name);
}

void exchange::ask_queue(reply_handler& owner, time_point now) {
  const auto& queue = route_->to.actor;
  if (std::holds_alternative<push_one>(what_))
    ask(asking, owner, queue, push_atom::value, id_, content_, headers_);
  else if (std::holds_alternative<pull_one>(what_))
    ask(asking, owner, queue, pull_atom::value, waiter_, time_left(now));
  else if (const auto* settle = std::get_if<settle_lease>(&what_))
    ask(asking, owner, queue, settle_atom::value, settle->lease, settle->what);
}

/// The first step of each kind of request.
struct exchange::starter {
  exchange& self;
  reply_handler& owner;
  time_point now;

  using done = std::optional<answer>;

  done operator()(const get_openapi&) const { return openapi_document{}; }
  done operator()(const get_options& r) const { return route_methods{r.allow}; }

  done operator()(const push_one&) const {
    self.id_ = self.gateway_.ids().next();
    return queue();
  }
  done operator()(const pull_one&) const {
    self.waiter_ = next_waiter_id();
    return queue();
  }
  done operator()(const settle_lease&) const { return queue(); }

  done operator()(const push_matching& r) const {
    return asked(self.gateway_.doors().fan_out, push_atom::value, r.pattern, self.content_, self.headers_);
  }
  done operator()(const pull_matching& r) const {
    self.waiter_ = next_waiter_id();
    return asked(self.gateway_.doors().pull_any, pull_atom::value, r.pattern, self.waiter_,
                 self.time_left(now));
  }
  done operator()(const get_stats&) const { return asked(self.gateway_.doors().fan_out, report_atom::value); }

  done operator()(const delete_queue& r) const { return registry(remove_atom::value, r.queue); }
  done operator()(const get_rules&) const { return registry(rules_atom::value); }
  done operator()(const put_rules&) const {
    auto rules = parse_rules(self.text_);
    if (!rules)
      return std::move(rules.error());
    return registry(set_rules_atom::value, std::move(*rules));
  }
  done operator()(const delete_rules&) const { return registry(set_rules_atom::value, std::vector<rule>{}); }
  done operator()(const get_properties& r) const { return registry(props_atom::value, r.queue); }
  done operator()(const patch_properties& r) const {
    auto change = parse_properties(self.text_);
    if (!change)
      return std::move(change.error());
    return registry(patch_atom::value, r.queue, std::move(*change));
  }
  done operator()(const delete_properties& r) const { return registry(reset_atom::value, r.queue); }

private:
  done queue() const {
    if (self.route_)
      self.ask_queue(owner, now);
    else
      self.resolve(owner);
    return std::nullopt;
  }

  template <class Handle, class... Ts>
  done asked(const Handle& to, Ts&&... message) const {
    self.ask(asking, owner, to, std::forward<Ts>(message)...);
    return std::nullopt;
  }

  template <class... Ts>
  done registry(Ts&&... message) const {
    return asked(self.gateway_.doors().registry, std::forward<Ts>(message)...);
  }
};

std::optional<answer> exchange::begin(reply_handler& owner, time_point now) {
  begun_ = now;
  auto done = std::visit(starter{*this, owner, now}, what_);
  if (done)
    forget();
  return done;
}

// -- replies -----------------------------------------------------------------------------------------------------------

std::optional<answer> exchange::on_reply(reply_handler& owner, std::uint64_t tag, caf::mailbox_element& reply,
                                         time_point now) {
  step_ = none;
  std::optional<answer> done;
  if (const auto* error = error_in(reply)) {
    done = on_error(owner, *error, now);
  } else if (auto* found = only<queue_ref>(reply); tag == resolving && found != nullptr) {
    route_ = gateway_.routes().put(std::move(*found));
    ask_queue(owner, now);
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
      return delivered{std::move(got->queue), std::move(*got->delivery), pull()->format};
    return no_content{};
  }
  if (reply.content().empty())
    return no_content{};
  if (auto* outcomes = only<push_outcomes>(reply))
    return std::move(*outcomes);
  if (const auto* in_force = only<properties>(reply))
    return to_document(*in_force);
  if (const auto* rules = only<std::vector<rule>>(reply))
    return to_document(*rules);
  if (const auto* reports = only<std::vector<queue_report>>(reply))
    return json_document{stats_json(gateway_.nodes(), *reports)};
  spdlog::error("http.reply_not_understood request={}", what_.index());
  return http_refusal{http_reason::unavailable, "the server did not understand itself; try again"};
}

// What came back without being looked at may be sent again. A pull may also be sent again after its actor was
// lost: it got nothing, and its id keeps it its place among those who wait.
bool exchange::may_ask_again(const caf::error& e) const {
  if (resends_ >= gateway_.limits().resends_max)
    return false;
  return bounced(e) || (pull() != nullptr && !hurried_ && to_refusal(e).why == reason::unavailable);
}

std::optional<answer> exchange::on_error(reply_handler& owner, const caf::error& e, time_point now) {
  if (may_ask_again(e)) {
    ++resends_;
    if (queue_of(what_) != nullptr) {
      if (route_)
        gateway_.routes().forget(*std::exchange(route_, nullptr));
      resolve(owner);
      return std::nullopt;
    }
    if (const auto* any = std::get_if<pull_matching>(&what_)) {
      ask(asking, owner, gateway_.doors().pull_any, pull_atom::value, any->pattern, waiter_, time_left(now));
      return std::nullopt;
    }
  }
  return to_http(to_refusal(e));
}

// -- the end of it -----------------------------------------------------------------------------------------------------

void exchange::tell_cancel() noexcept {
  if (step_ != asking)
    return;
  if (std::holds_alternative<pull_one>(what_))
    gateway_.tell(route_->to.actor, cancel_atom::value, waiter_);
  else if (std::holds_alternative<pull_matching>(what_))
    gateway_.tell(gateway_.doors().pull_any, cancel_atom::value, waiter_);
}

void exchange::abandon() noexcept {
  if (step_ != none) {
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
  step_ = none;
  what_ = get_stats{}; // holds nothing
  content_ = {};
  text_ = {};
  headers_.reset();
  route_.reset();
}

} // namespace lmq
