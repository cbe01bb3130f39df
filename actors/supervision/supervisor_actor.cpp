#include "actors/supervision/supervisor_actor.hpp"

#include "actors/deadline_tick.hpp"
#include "actors/fan_out/fan_out_actor.hpp"
#include "actors/pull_any/pull_any_actor.hpp"
#include "actors/registry/registry_actor.hpp"
#include "actors/supervision/restart_limit.hpp"
#include "core/log_value.hpp"

#include <algorithm>
#include <array>
#include <caf/typed_event_based_actor.hpp>
#include <functional>
#include <map>
#include <spdlog/spdlog.h>

namespace lmq {

namespace {

class supervisor_actor final : public supervisor_handle::base {
public:
  supervisor_actor(caf::actor_config& config, broker_options options, std::reference_wrapper<broker> started)
      : supervisor_handle::base(config),
        hooks_(std::make_shared<const hook_catalog>(std::move(options.hooks))),
        registry_cell_(std::make_shared<registry_cell>(*hooks_, options.queues_max, parts_.front().life,
                                                       std::move(options.figures),
                                                       std::move(options.memory))),
        facts_{std::move(options.journal), options.home,
               std::move(options.read),    options.serves,
               std::move(options.room),    std::move(options.later)},
        front_of_(std::move(options.front_of)) {
    set_down_handler([this](const caf::down_msg& gone) { on_down(gone.source); });
    set_exit_handler([this](caf::exit_msg& asked) { on_stop(asked); });
    doors_.cluster = std::move(options.cluster);
    doors_.backup = std::move(options.backup);
    doors_.metrics = std::move(options.metrics);
    for (auto& p : parts_) {
      p.life->begin();
      (this->*p.start)(p);
    }
    started.get() = doors();
  }

  const char* name() const override { return "supervisor"; }

  behavior_type make_behavior() override {
    return {
      [this](doors_atom) { return on_doors(); },
      [this](health_atom) { return on_health(); },
      [this](restarted_atom, const std::string&) { ++restarts_["queue"]; },
      [this](down_atom, const std::string& queue, const std::string& why) { down_queues_[queue] = why; },
      [this](up_atom, const std::string& queue) { down_queues_.erase(queue); },
      [this](crashed_atom, const std::string&) { ++restarts_["connection"]; },
      [this](tick_atom, std::uint64_t number) { on_tick(number); },
    };
  }

  void on_exit() override {
    doors_ = {};
    registry_ = nullptr;
    facts_ = {};
    front_of_ = nullptr;
  }

private:
  struct part {
    const char* name;
    void (supervisor_actor::*start)(part&);
    std::shared_ptr<life_sign> life = std::make_shared<life_sign>();
    caf::actor_id id = caf::invalid_actor_id;
    restart_limit limit = {};
    std::optional<time_point> pause_until = {}; ///< it crashed too often
  };

  time_point now() { return system().clock().now(); }

  broker doors() {
    auto all = doors_;
    all.supervisor = supervisor_handle{this};
    return all;
  }

  // -- starting

  void start_registry(part& p) {
    registry_ = spawn_registry(system(), registry_cell_, hooks_, supervisor_handle{this}, facts_);
    watch(p, registry_);
    doors_.registry = front_of_ ? front_of_(registry_) : registry_;
    if (doors_.fan_out)
      anon_send(doors_.fan_out, doors_.registry);
    if (doors_.pull_any)
      subscribe_pull_any();
  }

  void start_pull_any(part& p) {
    doors_.pull_any = spawn_pull_any(system(), p.life);
    watch(p, doors_.pull_any);
    subscribe_pull_any();
  }

  void start_fan_out(part& p) {
    doors_.fan_out = spawn_fan_out(system(), doors_.registry, p.life);
    watch(p, doors_.fan_out);
  }

  void subscribe_pull_any() {
    anon_send(doors_.registry, subscribe_atom::value,
              caf::actor_cast<caf::strong_actor_ptr>(doors_.pull_any));
  }

  template <class Handle>
  void watch(part& p, const Handle& started) {
    p.id = started.id();
    monitor(started);
  }

  // -- crashes

  void on_down(const caf::actor_addr& who) {
    auto it = std::find_if(parts_.begin(), parts_.end(), [&](const part& p) { return p.id == who.id(); });
    if (it != parts_.end() && !it->pause_until)
      restart(*it);
  }

  void restart(part& p) {
    if (!p.limit.allows(now()))
      return pause(p, "it crashed too often, at last over: " + p.life->reason());
    try {
      auto reason = p.life->reason();
      p.life->begin();
      (this->*p.start)(p);
      ++restarts_[p.name];
      spdlog::warn("actor.restarted actor={} restarts={} reason={}", p.name, restarts_[p.name],
                   log_value(reason));
    } catch (const std::exception& e) {
      pause(p, e.what());
    }
  }

  void pause(part& p, const std::string& why) {
    p.pause_until = now() + restart_limit::pause;
    spdlog::error("actor.paused actor={} seconds={} why={}", p.name,
                  restart_limit::pause / std::chrono::seconds{1}, log_value(why));
    tick_.arm(*this, p.pause_until);
  }

  void on_tick(std::uint64_t number) {
    if (!tick_.accept(number))
      return;
    std::optional<time_point> next;
    for (auto& p : parts_) {
      if (p.pause_until && *p.pause_until <= now()) {
        p.pause_until.reset();
        p.limit.reset();
        restart(p);
      }
      if (p.pause_until)
        next = next ? std::min(*next, *p.pause_until) : p.pause_until;
    }
    tick_.arm(*this, next);
  }

  // -- answers

  broker on_doors() {
    for (auto& p : parts_)
      if (!p.pause_until && p.life->ended())
        restart(p);
    return doors();
  }

  health_report on_health() {
    health_report report;
    report.restarts = restarts_;
    for (const auto& p : parts_) {
      if (!p.pause_until)
        continue;
      report.ready = false;
      report.reasons.push_back(
        std::string{p.name} + " is down: it crashed too often, see the log; it is started " +
        "again after a pause of " + std::to_string(restart_limit::pause / std::chrono::seconds{1}) + " s");
    }
    for (const auto& [queue, why] : down_queues_) {
      if (report.reasons.size() == health_report::reasons_max) {
        report.reasons.push_back("and more: " + std::to_string(down_queues_.size()) + " queues are down");
        break;
      }
      report.reasons.push_back(why);
    }
    return report;
  }

  void on_stop(caf::exit_msg& asked) {
    send_exit(doors_.fan_out, asked.reason);
    send_exit(doors_.pull_any, asked.reason);
    if (registry_cell_->life->ended())
      registry_cell_->close_queues();
    else
      send_exit(registry_, asked.reason);
    quit(std::move(asked.reason));
  }

  std::array<part, 3> parts_{{
    {"registry", &supervisor_actor::start_registry}, // first: the others ask it
    {"pull_any", &supervisor_actor::start_pull_any},
    {"fan_out", &supervisor_actor::start_fan_out},
  }};
  std::shared_ptr<const hook_catalog> hooks_;
  registry_cell_ptr registry_cell_;
  queue_journal facts_;
  std::function<registry_handle(const registry_handle&)> front_of_;
  registry_handle registry_; ///< the one that is started here; the one in doors_ may stand before it
  broker doors_;             ///< but for our own
  std::map<std::string, std::uint64_t> restarts_{
    {"queue", 0}, {"registry", 0}, {"pull_any", 0}, {"fan_out", 0}, {"connection", 0}};
  std::map<std::string, std::string> down_queues_; ///< and why
  deadline_tick tick_;
};

} // namespace

broker spawn_supervisor(caf::actor_system& system, broker_options options) {
  broker doors;
  system.spawn<supervisor_actor>(std::move(options), std::ref(doors));
  return doors;
}

} // namespace lmq
