// Nodes that have nothing but a transport, in one process, on ports of 127.0.0.1; what their owners hear is
// kept, and waited for with a deadline.
#pragma once

#include "cluster/transport/transport.hpp"
#include "event_loop/coordinator.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <variant>

namespace lmq::test {

/// Longer than anything takes that comes at all. Only a failing test waits it out.
inline constexpr auto patience = std::chrono::seconds(20);

/// What an owner hears, in order. Any thread.
class heard {
public:
  using one = std::variant<link_connected, link_lost, frame_received, dial_failed, peer_rejected>;

  void add(one e) {
    std::lock_guard lock{mutex_};
    all_.push_back(std::move(e));
    more_.notify_all();
  }

  /// Takes the next of that kind out, and drops whatever came before it. Nothing: none came in time.
  template <class Event>
  std::optional<Event> next(std::chrono::milliseconds in = patience) {
    std::unique_lock lock{mutex_};
    auto until = std::chrono::steady_clock::now() + in;
    for (;;) {
      while (!all_.empty()) {
        auto e = std::move(all_.front());
        all_.pop_front();
        if (auto* wanted = std::get_if<Event>(&e))
          return std::move(*wanted);
      }
      if (more_.wait_until(lock, until) == std::cv_status::timeout && all_.empty())
        return std::nullopt;
    }
  }

  void clear() {
    std::lock_guard lock{mutex_};
    all_.clear();
  }

private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<one> all_;
};

class owner_actor final : public transport_owner::base {
public:
  owner_actor(caf::actor_config& config, std::shared_ptr<heard> into)
      : transport_owner::base(config), into_(std::move(into)) {}

  behavior_type make_behavior() override {
    return {
      [this](link_connected& e) { into_->add(std::move(e)); },
      [this](link_lost& e) { into_->add(std::move(e)); },
      [this](frame_received& e) { into_->add(std::move(e)); },
      [this](dial_failed& e) { into_->add(std::move(e)); },
      [this](peer_rejected& e) { into_->add(std::move(e)); },
    };
  }

private:
  std::shared_ptr<heard> into_;
};

inline transport_options options_of(std::string name, std::uint16_t port = 0) {
  transport_options o;
  o.node = std::move(name);
  std::random_device entropy;
  o.incarnation = (std::uint64_t{entropy()} << 32) | entropy();
  o.host = "127.0.0.1";
  o.port = port;
  return o;
}

class node {
public:
  explicit node(transport_options with) : options(std::move(with)) {
    install_coordinator(config_, {.threads = 1, .limits = {}});
    install_transport(config_);
    system_.emplace(config_);
    owner_ = system_->spawn<owner_actor>(hears_);
    auto started = transport::start(*system_, options, owner_);
    if (!started)
      throw std::runtime_error(started.error());
    transport_.emplace(*std::move(started));
  }

  explicit node(std::string name, std::uint16_t port = 0) : node(options_of(std::move(name), port)) {}

  ~node() {
    transport_.reset();
    caf::anon_send_exit(owner_, caf::exit_reason::user_shutdown);
    owner_ = transport_owner{};
    system_->await_all_actors_done();
    hears_->clear(); // the links in it
    system_.reset();
  }

  node(const node&) = delete;
  node& operator=(const node&) = delete;

  heard& hears() { return *hears_; }
  std::uint16_t port() const { return transport_->port(); }
  void keep(std::uint16_t to) { transport_->dialer().keep("127.0.0.1", to); }
  void forget(std::uint16_t to) { transport_->dialer().forget("127.0.0.1", to); }
  caf::actor_system& system() { return *system_; }

  const transport_options options;

private:
  caf::actor_system_config config_;
  std::optional<caf::actor_system> system_;
  std::shared_ptr<heard> hears_ = std::make_shared<heard>();
  transport_owner owner_;
  std::optional<transport> transport_;
};

} // namespace lmq::test
