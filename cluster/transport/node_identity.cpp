#include "cluster/transport/node_identity.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/node_id.hpp>
#include <random>

namespace lmq {

namespace {

// Only the middleman may set a system's id, by friendship. An explicit instantiation may name a private
// member, which is the one way in that the language leaves open.
template <auto Member>
struct opened {
  friend caf::node_id& node_of(caf::actor_system& system) { return system.*Member; }
};
template struct opened<&caf::actor_system::node_>;

caf::node_id& node_of(caf::actor_system& system);

caf::node_id random_node_id() {
  std::random_device device;
  std::uniform_int_distribution<unsigned> byte{0, 255};
  caf::node_id::default_data::host_id_type host;
  for (auto& b : host)
    b = static_cast<std::uint8_t>(byte(device));
  host.front() |= 1; // all zeros is no id, nor is process 0
  return caf::make_node_id(1, host);
}

/// Sits in the place of a module that LMQ does not use, since CAF has places for its own alone, and each
/// comes after the middleman.
class node_identity final : public caf::actor_system::module {
public:
  explicit node_identity(caf::actor_system& system) : system_(system) {}

  // The middleman has set its id by now, and nobody has used it.
  void init(caf::actor_system_config&) override { node_of(system_) = random_node_id(); }
  void start() override {}
  void stop() override {}
  id_t id() const override { return opencl_manager; }
  void* subtype_ptr() override { return this; }

private:
  caf::actor_system& system_;
};

} // namespace

void install_node_identity(caf::actor_system_config& config) {
  config.module_factories.push_back(
    [](caf::actor_system& system) -> caf::actor_system::module* { return new node_identity(system); });
}

} // namespace lmq
