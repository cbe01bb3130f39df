#include "actors/metrics/metrics_actor.hpp"

#include "actors/guarded_promise.hpp"
#include "core/log_value.hpp"
#include "core/utf8.hpp"
#include "metrics/datagrams.hpp"
#include "metrics/udp_sender.hpp"

#include <caf/actor_system.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <optional>
#include <spdlog/spdlog.h>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace lmq {

namespace {

/// What other actors tell of themselves must be here by then, or is left out.
constexpr std::chrono::seconds ask_timeout{2};

void health_families(const health_report& health, metrics::families& out) {
  metrics::gauge(out, "lmq_ready", "1 while the node answers requests, as GET /health tells.")
    .add(health.ready ? 1 : 0);
  auto restarts = metrics::counter(out, "lmq_restarts_total", "Parts that were started again after a crash.");
  for (const auto& [part, n] : health.restarts)
    restarts.add(static_cast<double>(n), {{"part", part}});
}

void cluster_families(const cluster_status& cluster, metrics::families& out) {
  metrics::gauge(out, "lmq_cluster_serving", "1 while the node is in a view of its cluster.")
    .add(cluster.serving ? 1 : 0);
  auto states = metrics::gauge(out, "lmq_cluster_member", "1 for the state that a member is in.");
  for (const auto& m : cluster.members)
    states.add(1, {{"member", text_of_bytes(m.name)}, {"state", to_text(m.state)}});
  auto messages =
    metrics::gauge(out, "lmq_replication_lag_messages", "What was said to a member and is not acknowledged.");
  for (const auto& m : cluster.members)
    if (!m.self)
      messages.add(static_cast<double>(m.lag_messages), {{"member", text_of_bytes(m.name)}});
  auto bytes = metrics::gauge(out, "lmq_replication_lag_bytes", "The same in bytes.");
  for (const auto& m : cluster.members)
    if (!m.self)
      bytes.add(static_cast<double>(m.lag_bytes), {{"member", text_of_bytes(m.name)}});
}

class metrics_actor final : public metrics_handle::base {
public:
  metrics_actor(caf::actor_config& config, metrics_options options)
      : metrics_handle::base(config), options_(std::move(options)) {
    if (options_.statsd)
      statsd_.emplace("statsd", *options_.statsd);
    if (options_.influxdb)
      influxdb_.emplace("influxdb", *options_.influxdb);
  }

  const char* name() const override { return "metrics"; }

  behavior_type make_behavior() override {
    // Those who serve come first where there are fewer cores than threads.
    setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), niceness);
    if (statsd_ || influxdb_) {
      last_ = options_.queues->read();
      delayed_send(this, options_.interval, tick_atom::value);
    }
    return {
      [this](metrics_atom) { return on_scrape(); },
      [this](const supervisor_handle& supervisor) { supervisor_ = supervisor; },
      [this](tick_atom) { on_interval(); },
    };
  }

  void on_exit() override {
    supervisor_ = nullptr;
    options_ = {};
  }

private:
  static constexpr int niceness = 10;

  using promise = guarded_promise<std::string>;

  /// What has been told so far.
  struct gathering {
    explicit gathering(caf::local_actor& self) : answer(self) {}

    promise answer;
    metrics::families all;
  };

  caf::delegated<std::string> on_scrape() {
    auto g = std::make_shared<gathering>(*this);
    if (!supervisor_) {
      finish(*g);
      return promise::later();
    }
    request(supervisor_, ask_timeout, health_atom::value)
      .then(
        [this, g](health_report& health) {
          health.waits(options_.nodes->get()->waits_for);
          health_families(health, g->all);
          ask_cluster(g);
        },
        [this, g](const caf::error&) { ask_cluster(g); });
    return promise::later();
  }

  void ask_cluster(const std::shared_ptr<gathering>& g) {
    request(supervisor_, ask_timeout, doors_atom::value)
      .then(
        [this, g](const broker& doors) {
          if (!doors.cluster)
            return finish(*g);
          request(doors.cluster, ask_timeout, status_atom::value)
            .then(
              [this, g](const cluster_status& cluster) {
                cluster_families(cluster, g->all);
                finish(*g);
              },
              [this, g](const caf::error&) { finish(*g); });
        },
        [this, g](const caf::error&) { finish(*g); });
  }

  void finish(gathering& g) {
    auto queues = options_.queues->read();
    auto at = steady_clock::now();
    metrics::node_families(queues, at, g.all);
    options_.others->collect(g.all);
    metrics::process_families(g.all);
    auto text = metrics::to_text(g.all);
    if (options_.each_queue)
      metrics::append_queue_families(queues, at, text);
    g.answer.deliver(std::move(text));
  }

  /// Where datagrams go, and whether that works.
  struct receiver {
    receiver(std::string_view its_kind, const host_port& to) : kind(its_kind), sender(to) {}

    /// The first failure is logged, and the first success after one.
    void send(const std::vector<std::string>& datagrams) {
      auto why = sender.send(datagrams);
      if (!why.empty() && !failed)
        spdlog::warn("metrics.not_sent to={} address={} reason={}", kind, to_text(sender.to()),
                     log_value(why));
      if (why.empty() && failed)
        spdlog::info("metrics.sent_again to={} address={}", kind, to_text(sender.to()));
      failed = !why.empty();
    }

    std::string_view kind;
    metrics::udp_sender sender;
    bool failed = false;
  };

  void on_interval() {
    delayed_send(this, options_.interval, tick_atom::value);
    auto now = options_.queues->read();
    auto changes = metrics::changes(last_, now);
    last_ = std::move(now);
    if (statsd_)
      statsd_->send(metrics::statsd_datagrams(changes));
    if (influxdb_)
      influxdb_->send(
        metrics::influxdb_datagrams(changes, std::chrono::system_clock::now().time_since_epoch()));
  }

  metrics_options options_;
  std::optional<receiver> statsd_, influxdb_;
  queue_board::snapshot last_; ///< at the end of the last interval
  supervisor_handle supervisor_;
};

} // namespace

metrics_handle spawn_metrics(caf::actor_system& system, metrics_options options) {
  return system.spawn<metrics_actor, caf::detached>(std::move(options));
}

} // namespace lmq
