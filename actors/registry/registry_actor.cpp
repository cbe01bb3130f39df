#include "actors/registry/registry_actor.hpp"

#include "actors/errors.hpp"
#include "actors/log_crash.hpp"
#include "actors/queue/queue_actor.hpp"
#include "core/fault_point.hpp"
#include "core/log_value.hpp"

#include <algorithm>
#include <caf/typed_event_based_actor.hpp>
#include <spdlog/spdlog.h>
#include <utility>

namespace lmq {

namespace {

/// With its own message: the next queues follow new rules.
using following_registry = registry_handle::extend<caf::reacts_to<follow_atom>>;

class registry_actor final : public following_registry::base {
public:
  registry_actor(caf::actor_config& config, registry_cell_ptr cell, std::shared_ptr<const hook_catalog> hooks,
                 supervisor_handle supervisor, queue_journal facts)
      : following_registry::base(config),
        cell_(std::move(cell)),
        hooks_(std::move(hooks)),
        supervisor_(std::move(supervisor)),
        facts_(std::move(facts)) {
    set_exception_handler([this](caf::scheduled_actor*, std::exception_ptr& e) {
      return log_crash("registry", "registry", *cell_->life, e);
    });
    set_down_handler([this](const caf::down_msg& gone) { on_down(gone); });
    set_exit_handler([this](caf::exit_msg& asked) { on_stop(asked); });
  }

  const char* name() const override { return "registry"; }

  behavior_type make_behavior() override {
    take_over();
    return {
      [this](resolve_atom, const std::string& name) { return on_resolve(name); },
      [this](find_atom, const std::string& name) { return on_find(name); },
      [this](match_atom, const std::string& expression) { return on_match(expression); },
      [this](remove_atom, const std::string& name) { return done(machine().remove(name, out())); },
      [this](rules_atom) { return machine().rules(); },
      [this](set_rules_atom, std::vector<rule>& rules) { return on_set_rules(std::move(rules)); },
      [this](props_atom, const std::string& name) { return answer_of(machine().in_force(name)); },
      [this](patch_atom, const std::string& name, const property_set& change) {
        return done(machine().patch(name, change, out()));
      },
      [this](replace_atom, const std::string& name, const property_set& own) {
        return done(machine().replace(name, own, out()));
      },
      [this](replace_atom, std::vector<rule>& rules) { return on_replace_rules(std::move(rules)); },
      [this](reset_atom, const std::string& name) { return done(machine().reset(name, out())); },
      [this](revive_atom, const std::string& name) { return on_revive(name); },
      [this](report_atom, const std::string& name) { return on_report(name); },
      [this](subscribe_atom, const caf::strong_actor_ptr& who) { on_subscribe(who); },
      [this](follow_atom) { on_follow(); },
    };
  }

  /// The cell is the supervisor's from here on: this comes before anybody can notice the end.
  void on_exit() override {
    auto cell = std::move(cell_);
    supervisor_ = nullptr;
    facts_ = {};
    cell->life->end();
  }

private:
  /// The node stops. A crash does not come this way: the queues live on.
  void on_stop(caf::exit_msg& asked) {
    cell_->close_queues();
    quit(std::move(asked.reason));
  }

  using live_queue = registry_cell::queue;

  registry_machine& machine() noexcept { return cell_->machine; }
  registry_effects& out() noexcept { return cell_->decided; }
  time_point now() { return system().clock().now(); }

  /// What a predecessor has left: its queues, and what it decided and did not come to.
  void take_over() {
    LMQ_FAULT_POINT("registry.take_over");
    for (auto& [id, name] : cell_->names)
      monitor(cell_->queues.at(*name).ref.actor); // of one that has ended meanwhile we hear at once
    // What the predecessor told of them may be half of it.
    for (auto& s : cell_->subscribers)
      introduce_all(s);
    for (auto& s : cell_->subscribers)
      monitor(s);
    perform();
    go_on_following();
  }

  /// Carries out what the machine decided, then answers.
  caf::result<void> done(const result<void>& decided) {
    perform();
    return answer_of(decided);
  }

  caf::result<queue_ref> on_resolve(const std::string& name) {
    LMQ_FAULT_POINT("registry.resolve");
    if (auto it = cell_->queues.find(name); it != cell_->queues.end())
      return reach(it->second);
    auto opened = machine().open(name, out());
    perform();
    if (!opened)
      return to_error(opened.error());
    return cell_->queues.at(name).ref;
  }

  caf::result<queue_ref> on_find(const std::string& name) {
    LMQ_FAULT_POINT("registry.find");
    if (auto it = cell_->queues.find(name); it != cell_->queues.end())
      return reach(it->second);
    return to_error(no_such_queue());
  }

  /// A queue that has ended is started again before anybody is sent there.
  caf::result<queue_ref> reach(live_queue& q) {
    if (q.down.empty() && q.cell->life.ended())
      restart(q);
    if (!q.down.empty())
      return to_error({reason::unavailable, q.down});
    return q.ref;
  }

  caf::result<std::vector<queue_ref>> on_match(const std::string& expression) {
    LMQ_FAULT_POINT("registry.match");
    return answer_of(machine().match(expression).map([this](const std::vector<std::string>& names) {
      std::vector<queue_ref> refs;
      refs.reserve(names.size());
      for (const auto& name : names)
        refs.push_back(cell_->queues.at(name).ref);
      return refs;
    }));
  }

  // Queues follow new rules a few at a time, each time behind whatever else has come.

  caf::result<void> on_set_rules(std::vector<rule> rules) {
    auto& waiting = cell_->rules_set;
    waiting.reserve(waiting.size() + 1);
    if (auto set = machine().set_rules(std::move(rules)); !set)
      return to_error(set.error());
    waiting.emplace_back(*this);
    go_on_following();
    return caf::delegated<void>{};
  }

  caf::result<void> on_replace_rules(std::vector<rule> rules) {
    auto set = machine().set_rules(std::move(rules));
    machine().follow_all(out());
    return done(set);
  }

  void on_follow() {
    follows_ = false;
    machine().follow(out());
    perform();
    go_on_following();
  }

  void go_on_following() {
    if (!machine().following()) {
      for (auto& answer : cell_->rules_set)
        answer.deliver(caf::message{});
      cell_->rules_set.clear();
    } else if (!std::exchange(follows_, true)) {
      anon_send(caf::actor_cast<following_registry>(caf::strong_actor_ptr{ctrl()}), follow_atom::value);
    }
  }

  caf::result<void> on_revive(const std::string& name) {
    auto it = cell_->queues.find(name);
    if (it == cell_->queues.end())
      return to_error(no_such_queue());
    auto& q = it->second;
    if (!q.down.empty()) {
      q.limit.reset();
      q.down.clear();
      // Should this fail, whoever asks for the queue next has it done.
      start(q, machine().in_force(name).value());
      spdlog::info("queue.revived name={}", log_value(name));
      anon_send(supervisor_, up_atom::value, name);
      tell_subscribers(opened_atom::value, q.ref);
    }
    return caf::unit;
  }

  caf::result<queue_report> on_report(const std::string& name) {
    auto it = cell_->queues.find(name);
    if (it == cell_->queues.end() || it->second.down.empty())
      return to_error(no_such_queue());
    auto report = it->second.cell->report(now());
    report.in_force = machine().in_force(name).value();
    report.down = true;
    return report;
  }

  void on_subscribe(const caf::strong_actor_ptr& who) {
    auto subscriber = caf::actor_cast<caf::actor>(who);
    auto& all = cell_->subscribers;
    if (std::find(all.begin(), all.end(), subscriber) == all.end()) {
      all.push_back(subscriber);
      monitor(subscriber);
    }
    introduce_all(subscriber);
  }

  void introduce_all(const caf::actor& subscriber) {
    for (const auto& [name, q] : cell_->queues)
      if (q.ref.actor)
        anon_send(subscriber, opened_atom::value, q.ref);
  }

  static refusal no_such_queue() { return {reason::no_such_queue, "there is no queue of this name"}; }

  // -- supervision

  void on_down(const caf::down_msg& gone) {
    if (auto it = cell_->names.find(gone.source.id()); it != cell_->names.end()) {
      auto name = it->second;
      auto q = cell_->queues.find(*name);
      if (q != cell_->queues.end() && q->second.cell->life.ended())
        restart(q->second);
      return;
    }
    auto& s = cell_->subscribers;
    auto it = std::find_if(s.begin(), s.end(), [&](const auto& x) { return x.address() == gone.source; });
    if (it == s.end())
      return;
    s.erase(it);
    // It watched queues, which wait for its word now.
    for (const auto& [name, q] : cell_->queues)
      if (q.ref.actor)
        anon_send(q.ref.actor, unwatch_atom::value);
  }

  /// Gives the queue a new actor, or leaves it alone when it has crashed too often.
  void restart(live_queue& q) {
    const auto& name = *q.ref.name;
    if (!q.counted && !q.limit.allows(now()))
      return give_up(q);
    q.counted = true; // once, also where the registry itself breaks before the next actor is there
    // The cell is the next actor's as soon as that is there.
    auto reason = q.cell->life.reason();
    auto restarts = q.cell->started;
    start(q, machine().in_force(name).value());
    spdlog::warn("actor.restarted actor=queue name={} restarts={} reason={}", log_value(name), restarts,
                 log_value(reason));
    anon_send(supervisor_, restarted_atom::value, name);
    tell_subscribers(restarted_atom::value, q.ref);
  }

  void give_up(live_queue& q) {
    const auto& name = *q.ref.name;
    auto why = "queue \"" + name + "\" is down: it crashed more than " +
               std::to_string(restart_limit::restarts_max) + " times within " +
               std::to_string(restart_limit::window / std::chrono::seconds{1}) +
               " s, see the log; its messages are kept. POST /queues/NAME/revive starts it again";
    q.cell->refuse_all(to_error({reason::unavailable, why}));
    spdlog::error("queue.down name={} messages={} reason={} message=\"crashed too often; POST "
                  "/queues/NAME/revive starts it again\"",
                  log_value(name), q.cell->machine.sizes().messages(), log_value(q.cell->life.reason()));
    anon_send(supervisor_, down_atom::value, name, why);
    tell_subscribers(gone_atom::value, name);
    // Last, for whoever breaks off before is followed by one who begins anew.
    cell_->names.erase(q.ref.actor.id());
    q.ref.actor = nullptr;
    q.down = std::move(why);
  }

  /// A new actor for the queue's cell, known under its name.
  void start(live_queue& q, properties in_force) {
    LMQ_FAULT_POINT("registry.start");
    auto& names = cell_->names;
    names.reserve(names.size() + 1);
    names.insert_or_assign(caf::invalid_actor_id, q.ref.name);
    auto place = names.extract(caf::invalid_actor_id);
    q.cell->life.begin();
    queue_handle fresh;
    try {
      fresh = spawn_queue(system(), q.cell, std::move(in_force), hooks_, supervisor_);
    } catch (...) {
      q.cell->life.end();
      throw;
    }
    // From here on the cell is lent, and nothing may fail before that is known.
    place.key() = fresh.id();
    names.insert(std::move(place));
    if (q.ref.actor)
      names.erase(q.ref.actor.id());
    q.ref.actor = std::move(fresh);
    q.counted = false;
    LMQ_FAULT_POINT("registry.started");
    monitor(q.ref.actor); // a successor does this for all
  }

  // -- effects

  void perform() {
    auto& c = *cell_;
    while (c.performed < c.decided.size()) {
      LMQ_FAULT_POINT("registry.perform");
      std::visit([this](auto& x) { perform_one(x); }, c.decided[c.performed]);
      ++c.performed;
      LMQ_FAULT_POINT("registry.performed");
    }
    c.decided.clear();
    c.performed = 0;
  }

  // Each of these may be done again by a successor, should its end not be reached.

  void perform_one(open_queue& x) {
    auto it = cell_->queues.find(x.name);
    if (it == cell_->queues.end()) {
      auto name = std::make_shared<const std::string>(x.name);
      auto at = now();
      auto seed =
        std::hash<std::string>{}(x.name) ^ static_cast<std::uint64_t>(at.time_since_epoch().count());
      auto wants_headers = std::make_shared<std::atomic<bool>>(x.in_force.hooks.has_value());
      auto cell = std::make_shared<queue_cell>(
        name, x.in_force, at, seed, facts_, cell_->board ? cell_->board->open(name) : nullptr, cell_->memory);
      cell->life.end(); // nobody works on it yet
      it =
        cell_->queues
          .emplace(x.name,
                   live_queue{{name, queue_handle{}, wants_headers}, wants_headers, std::move(cell), {}, {}})
          .first;
    }
    auto& q = it->second;
    if (!q.ref.actor)
      start(q, x.in_force);
    tell_subscribers(opened_atom::value, q.ref);
  }

  void perform_one(configure_queue& x) {
    auto& q = cell_->queues.at(x.name);
    *q.wants_headers = x.in_force.hooks.has_value();
    if (q.ref.actor)
      anon_send(q.ref.actor, configure_atom::value, x.in_force);
  }

  void perform_one(close_queue& x) {
    auto it = cell_->queues.find(x.name);
    if (it == cell_->queues.end())
      return;
    tell_subscribers(gone_atom::value, x.name);
    if (!it->second.down.empty())
      anon_send(supervisor_, up_atom::value, x.name);
    // Who still holds the old reference sends its push again to the queue's successor, which may have hooks.
    *it->second.wants_headers = true;
    if (const auto& actor = it->second.ref.actor) {
      anon_send(actor, close_atom::value);
      cell_->names.erase(actor.id());
    }
    cell_->queues.erase(it);
  }

  template <class... Ts>
  void tell_subscribers(const Ts&... what) {
    for (auto& s : cell_->subscribers)
      anon_send(s, what...);
  }

  registry_cell_ptr cell_;
  std::shared_ptr<const hook_catalog> hooks_;
  supervisor_handle supervisor_;
  queue_journal facts_;
  bool follows_ = false; ///< its own message is under way
};

} // namespace

registry_handle spawn_registry(caf::actor_system& system, registry_cell_ptr cell,
                               std::shared_ptr<const hook_catalog> hooks, supervisor_handle supervisor,
                               queue_journal facts) {
  return system.spawn<registry_actor>(std::move(cell), std::move(hooks), std::move(supervisor),
                                      std::move(facts));
}

} // namespace lmq
