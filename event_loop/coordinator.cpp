#include "event_loop/coordinator.hpp"

#include "event_loop/bug.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <algorithm>
#include <future>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace lmq {

std::size_t default_io_threads() noexcept {
  return std::max(2u, std::thread::hardware_concurrency()) - 1;
}

coordinator::coordinator(caf::actor_system& system, const coordinator_options& options)
    : caf::scheduler::abstract_coordinator(system), options_(options) {
  for (std::size_t i = 0; i < std::max<std::size_t>(1, options_.threads); ++i)
    units_.push_back(std::make_unique<io_unit>(system, i, options_.limits));
  clock_ = std::make_unique<lmq::clock>(*units_.front());
}

coordinator::~coordinator() = default;

coordinator& coordinator::of(caf::actor_system& system) {
  auto* self = dynamic_cast<coordinator*>(&system.scheduler());
  if (self == nullptr)
    event_loop_bug("the actor system was made without install_coordinator");
  return *self;
}

void coordinator::on_each(const std::function<void(io_unit&)>& fun) {
  if (io_unit::current() != nullptr)
    event_loop_bug("coordinator::on_each called on an I/O thread");
  for (auto& unit : units_) {
    std::promise<void> done;
    boost::asio::post(unit->context(), [&] {
      fun(*unit);
      unit->flush();
      done.set_value();
    });
    done.get_future().wait();
  }
}

void coordinator::enqueue(caf::resumable* job) {
  // The current unit may belong to another actor system of this process.
  if (auto* here = io_unit::current(); here != nullptr && &here->system() == &system_)
    here->schedule(job);
  else
    units_[next_worker_.fetch_add(1, std::memory_order_relaxed) % units_.size()]->schedule(job);
}

void coordinator::init(caf::actor_system_config& config) {
  abstract_coordinator::init(config);
  num_workers_ = units_.size();
  max_throughput_ = options_.limits.messages_per_resume;
}

void coordinator::start() {
  for (auto& unit : units_)
    unit->start();
  abstract_coordinator::start(); // spawns CAF's printer
}

void coordinator::stop() {
  stop_actors(); // the printer
  for (auto& unit : units_)
    unit->join();
  clock_->close(); // its timer goes before the io_context; actors that end below still find it
  for (auto& unit : units_)
    unit->close();
}

void install_coordinator(caf::actor_system_config& config, coordinator_options options) {
  config.module_factories.push_back([options](caf::actor_system& system) -> caf::actor_system::module* {
    return new coordinator(system, options);
  });
}

} // namespace lmq
