#include "cluster/start.hpp"

#include "cluster/recording_registry.hpp"
#include "core/host_port.hpp"
#include "event_loop/io_unit.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

namespace lmq {

cluster_member::cluster_member(caf::actor_system& system, cluster_options options, hook_catalog hooks,
                               std::shared_ptr<node_board> board, node_disk disk)
    : system_(system),
      options_(std::move(options)),
      incarnation_(random_incarnation()),
      tag_(static_cast<home_tag>(incarnation_ >> 32)) {
  node_options of_node;
  of_node.self = {options_.name, incarnation_};
  of_node.tag = tag_;
  of_node.min_copies = options_.min_copies;
  of_node.waiting_bytes_max = options_.waiting_bytes_max;
  for (const auto& [host, port] : options_.joins)
    of_node.joins.push_back(to_text(host_port{host, port}));
  of_node.alone = options_.host.empty();
  if (disk.writer)
    read_ = [writer = disk.writer](const std::string& queue, message_id id) {
      return writer->read(queue, id);
    };
  room_ = disk.room;
  node_ = spawn_node(system, of_node, std::move(board), std::move(disk));
  if (of_node.alone)
    before_ = spawn_recording_registry(system, node_);
  else
    before_ = spawn_directory(system, node_, std::move(hooks), options_.queues_max);
}

cluster_member::~cluster_member() {
  stop();
}

broker_options cluster_member::for_broker(hook_catalog hooks) const {
  auto alone = options_.host.empty();
  return {.hooks = std::move(hooks),
          .queues_max = alone ? options_.queues_max : SIZE_MAX, // the directory has refused what is too many
          .journal = node_,
          .home = tag_,
          .read = read_,
          .serves = alone,
          .room = room_,
          .later =
            [](std::function<void()> what) {
              if (auto* unit = io_unit::current())
                unit->behind_sockets(std::move(what));
              else
                what();
            },
          .front_of =
            [before = before_](const registry_handle& inner) {
              caf::anon_send(caf::actor_cast<caf::actor>(before), inner);
              return before;
            },
          .cluster = alone ? cluster_handle{} : cluster_handle{node_}};
}

void cluster_member::wait_until_begun() {
  caf::scoped_actor self{system_};
  self->request(node_, caf::infinite, begun_atom::value).receive([] {}, [](caf::error&) {});
}

tl::expected<void, std::string> cluster_member::listen() {
  transport_options with;
  with.node = options_.name;
  with.incarnation = incarnation_;
  with.host = options_.host;
  with.port = options_.port;
  with.version_min = cluster_version_min;
  with.version_max = cluster_version_max;
  with.tls = options_.tls;
  auto started = transport::start(system_, with, node_);
  if (!started)
    return tl::unexpected<std::string>(std::move(started.error()));
  transport_.emplace(*std::move(started));
  auto dialer = transport_->dialer();
  caf::anon_send(node_, dialer, to_text(host_port{options_.host, transport_->port()}));
  for (const auto& [host, port] : options_.joins)
    dialer.keep(host, port);
  return {};
}

void cluster_member::stop() {
  transport_.reset();
  if (before_)
    caf::anon_send_exit(before_, caf::exit_reason::user_shutdown);
  if (node_)
    caf::anon_send_exit(node_, caf::exit_reason::user_shutdown);
  before_ = nullptr;
  read_ = nullptr;
  node_ = nullptr;
}

} // namespace lmq
