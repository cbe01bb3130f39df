#include "apps/node.hpp"

#include "actors/metrics/metrics_actor.hpp"
#include "actors/start.hpp"
#include "apps/backup_actor.hpp"
#include "apps/disk.hpp"
#include "apps/resolve.hpp"
#include "cluster/start.hpp"
#include "core/memory_account.hpp"
#include "event_loop/coordinator.hpp"
#include "gateway/server.hpp"
#include "storage/directory.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <future>
#include <optional>
#include <thread>
#include <utility>

namespace lmq {

namespace {

/// What is on its way in, and out, stands beside the messages that are kept; so does what waits for other
/// nodes.
gateway_limits limits_of(const settings& with) {
  auto limits = with.limits;
  auto part_of_memory = memory_for_messages(with.disk) / 4;
  auto two_bodies = limits.body_bytes_max < SIZE_MAX / 2 ? 2 * limits.body_bytes_max : SIZE_MAX;
  limits.incoming_bytes_max = limits.outgoing_bytes_max = std::max<std::size_t>(part_of_memory, two_bodies);
  return limits;
}

cluster_options cluster_options_of(const settings& with) {
  const auto& asked = with.cluster;
  cluster_options out;
  out.name = with.name;
  out.queues_max = with.queues_max;
  if (!asked.address)
    return out;
  out.host = asked.address->host;
  out.port = asked.address->port;
  for (const auto& other : asked.join)
    out.joins.emplace_back(other.host, other.port);
  if (asked.has_tls())
    out.tls = tls_files{asked.tls_cert, asked.tls_key, asked.tls_ca};
  out.min_copies = asked.min_copies;
  out.waiting_bytes_max = limits_of(with).incoming_bytes_max;
  return out;
}

/// All that messages take in memory, on whatever kind of node.
std::shared_ptr<memory_account> account_for(const settings& with, std::shared_ptr<push_gate> pushes) {
  auto most = memory_for_messages(with.disk);
  return std::make_shared<memory_account>(
    most, std::move(pushes), [most](memory_account::room now, std::size_t held_bytes) {
      switch (now) {
      case memory_account::room::enough:
        return spdlog::info("storage.memory_enough bytes={} limit={}", held_bytes, most);
      case memory_account::room::none:
        return spdlog::warn("storage.memory_short bytes={} limit={} message=\"messages take more than "
                            "--memory-limit; pushes are refused, pulls and settles go on\"",
                            held_bytes, most);
      }
    });
}

void disk_families(const disk& of, metrics::families& out) {
  auto f = of.figures();
  metrics::family{out, "lmq_journal_sync_seconds", "Writes to the disk, each with its sync.",
                  prometheus::MetricType::Histogram}
    .add(f.sync_seconds);
  metrics::family{out, "lmq_journal_batch_steps", "Steps of the node that one sync has made safe.",
                  prometheus::MetricType::Histogram}
    .add(f.batches);
}

} // namespace

struct node::parts {
  parts(const settings& with, std::optional<disk::opened> from, std::shared_ptr<push_gate> gate)
      : pushes(std::move(gate)),
        memory(account_for(with, pushes)),
        board(std::make_shared<node_board>(node_names{.active = {with.name}, .all = {with.name}})) {
    // The configuration is what stands here: CAF reads neither our command line nor a file of its own.
    coordinator_options threads;
    threads.threads = with.threads;
    install_coordinator(config, threads);
    if (with.cluster.address)
      install_transport(config);
    system.emplace(config);
    broker_options options{.hooks = hook_catalog::built_in(), .queues_max = with.queues_max};
    if (with.cluster.address || from) {
      node_disk kept;
      kept.memory = memory;
      kept.pushes = pushes;
      if (from) {
        storage = from->where;
        kept.state = std::move(from->state);
        kept.room = from->where->room();
        kept.writer = std::move(from->where);
        kept.body_bytes_max = memory_for_bodies(with.disk);
      }
      member.emplace(*system, cluster_options_of(with), hook_catalog::built_in(), board, std::move(kept));
      options = member->for_broker(hook_catalog::built_in());
    } else {
      options.memory = memory;
    }
    if (storage) {
      options.backup = backups = spawn_backup(*system, storage);
      sources->add([kept = storage](metrics::families& out) { disk_families(*kept, out); });
    }
    options.figures = std::make_shared<queue_board>();
    options.metrics = figures =
      spawn_metrics(*system, {options.figures, sources, board, !with.metrics.totals_only, with.metrics.statsd,
                              with.metrics.influxdb, with.metrics.interval});
    doors = start_broker(*system, std::move(options));
    caf::anon_send(figures, doors.supervisor);
  }

  parts(const parts&) = delete;
  parts& operator=(const parts&) = delete;

  ~parts() {
    if (server) {
      // Shared, because the I/O thread may still be in set_value when we are through.
      auto stopped = std::make_shared<std::promise<void>>();
      server->stop([stopped] { stopped->set_value(); });
      stopped->get_future().wait();
    }
    server.reset();
    memory->stop();
    member.reset();
    stop_broker(doors);
    if (backups)
      caf::anon_send_exit(backups, caf::exit_reason::user_shutdown);
    backups = nullptr;
    caf::anon_send_exit(figures, caf::exit_reason::user_shutdown);
    figures = nullptr;
    if (storage && storage->copies())
      end_beside_copy();
    // No handle is left; whoever still runs is waited for by the system's end.
    system->await_all_actors_done();
    if (storage)
      storage->stop();
    sources.reset();
    storage.reset();
    system.reset();
  }

  /// A backup may take hours, and nobody waits for it any more. When all others are done the process ends
  /// beside it; what there is of the copy bears the name of an unfinished one. Returns if it is made first.
  void end_beside_copy() {
    while (storage->copies() && system->registry().running() > 1)
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    if (!storage->copies())
      return;
    storage->stop();
    spdlog::warn("storage.backup_abandoned message=\"it was not whole when the server stopped; remove the "
                 "directory whose name ends with {}\"",
                 unfinished_end);
    spdlog::info("node.stopped");
    spdlog::shutdown();
    std::_Exit(static_cast<int>(exit_code::done));
  }

  std::shared_ptr<disk> storage; ///< null: all is in memory
  std::shared_ptr<push_gate> pushes;
  std::shared_ptr<memory_account> memory;
  caf::actor_system_config config;
  std::optional<caf::actor_system> system;
  std::shared_ptr<node_board> board;
  std::optional<cluster_member> member; ///< none: the node is on its own
  backup_handle backups;                ///< null where there is no disk
  std::shared_ptr<metrics::sources> sources = std::make_shared<metrics::sources>();
  metrics_handle figures;
  broker doors;
  std::optional<gateway_server> server;
};

tl::expected<node, not_started> node::start(const settings& with, const admission_terms& admission) {
  auto complain = [](std::string_view option, const std::string& what) {
    return tl::unexpected(not_started{
      exit_code::usage, fmt::format("{}: {}; end what listens there, or choose another address with --{}",
                                    option, what, option)});
  };
  auto http = resolve(with.http);
  if (!http)
    return complain("http", http.error());
  std::optional<listen_at> rpc_at;
  if (with.access.serves_rpc()) {
    auto rpc = resolve(with.rpc);
    if (!rpc)
      return complain("rpc", rpc.error());
    rpc_at = listen_at{rpc->address().to_string(), rpc->port()};
  }
  auto pushes = std::make_shared<push_gate>();
  std::optional<disk::opened> from;
  if (!with.memory) {
    auto opened = disk::open(with.disk, pushes);
    if (!opened)
      return tl::unexpected(not_started{exit_code::storage, std::move(opened.error())});
    from.emplace(*std::move(opened));
  }
  auto p = std::make_unique<parts>(with, std::move(from), pushes);
  if (p->storage && !with.cluster.address)
    p->member->wait_until_begun();
  auto server = gateway_server::start(*p->system, p->doors,
                                      {.http = {http->address().to_string(), http->port()},
                                       .rpc = std::move(rpc_at),
                                       .admission = admission,
                                       .nodes = p->board,
                                       .pushes = pushes,
                                       .limits = limits_of(with)});
  if (!server)
    return complain(server.error().where == start_failure::protocol::rpc ? "rpc" : "http",
                    server.error().what);
  p->server = *std::move(server);
  p->sources->add(p->server->figures());
  if (with.cluster.address)
    if (auto listening = p->member->listen(); !listening)
      return tl::unexpected(not_started{exit_code::usage, "cluster: " + listening.error()});
  return node{std::move(p)};
}

node::node(std::unique_ptr<parts> p) : parts_(std::move(p)) {}
node::node(node&&) noexcept = default;
node& node::operator=(node&&) noexcept = default;
node::~node() = default;

std::uint16_t node::http_port() const {
  return parts_->server->http_port();
}
std::uint16_t node::rpc_port() const {
  return parts_->server->rpc_port();
}
std::uint16_t node::cluster_port() const {
  return parts_->member ? parts_->member->port() : 0;
}

void node::admit_by(const admission_terms& terms) {
  parts_->server->admit_by(terms);
}

void node::stop() {
  parts_.reset();
}

} // namespace lmq
