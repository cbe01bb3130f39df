// An actor system on I/O threads, and how tests wait for it: for events, never for time.
#pragma once

#include "event_loop/coordinator.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/spawn_options.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace lmq::test {

/// Longer than anything takes that comes at all. Only a failing test waits it out.
inline constexpr auto patience = std::chrono::seconds(20);

/// Set once, waited for from another thread. Copies share the event, so that whoever sets it may outlive the
/// test.
class event {
public:
  void set() const { state_->set_value(); }
  bool comes() const { return state_->get_future().wait_for(patience) == std::future_status::ready; }

private:
  std::shared_ptr<std::promise<void>> state_ = std::make_shared<std::promise<void>>();
};

struct loop_config : caf::actor_system_config {
  explicit loop_config(coordinator_options options) { install_coordinator(*this, options); }
};

class loop {
public:
  explicit loop(std::size_t threads = 1, io_limits limits = {})
      : config_({threads, limits}), system(config_) {}

  coordinator& io() { return coordinator::of(system); }
  io_unit& unit(std::size_t index = 0) { return io().unit(index); }

  /// Calls `fun` on a unit's thread and returns when it has; what it woke may run later.
  template <class F>
  void on_unit(std::size_t index, F fun) {
    std::promise<void> done;
    boost::asio::post(unit(index).context(), [&] {
      fun();
      done.set_value();
    });
    done.get_future().wait();
  }

  /// Spawns an actor from a function of nothing but its `self`. The function is handed on as an argument,
  /// because CAF 0.17.6 dereferences a null pointer where there is none, and the standard library's
  /// assertions object.
  template <caf::spawn_options Options = caf::no_spawn_options, class F>
  auto spawn(F fun) {
    return spawn_with<Options>(std::function{std::move(fun)});
  }

  template <class F>
  void on_unit(F fun) {
    on_unit(0, std::move(fun));
  }

  /// Returns when every unit has run what it had in its queue: actors that were spawned have started and
  /// sleep.
  void settle() {
    io().on_each([](io_unit&) {});
  }

private:
  template <caf::spawn_options Options, class Result, class Self>
  auto spawn_with(std::function<Result(Self)> fun) {
    using function = std::function<Result(Self)>;
    return system.spawn<Options>([](Self self, const function& f) -> Result { return f(self); },
                                 std::move(fun));
  }

  loop_config config_;

public:
  caf::actor_system system;
};

} // namespace lmq::test
