// A reply sink on the first of two units, and what asks through it and answers to it.
#pragma once

#include "event_loop/reply_sink.hpp"
#include "tests/event_loop/actors.hpp"
#include "tests/event_loop/loop.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace lmq::test {

/// Remembers what came.
struct listener : reply_handler {
  struct heard {
    std::uint64_t tag;
    int value; ///< -1: an error
  };

  explicit listener(std::size_t expected = 1) : left(expected) {}
  ~listener() override { ++gone; }

  void on_reply(std::uint64_t tag, caf::mailbox_element& reply) noexcept override {
    on_own_thread = on_own_thread && io_unit::current() == home;
    if (auto* e = error_in(reply))
      error = *e;
    replies.push_back({tag, reply.content().match_elements<int>() ? reply.content().get_as<int>(0) : -1});
    if (then)
      then();
    if (--left == 0)
      all.set();
  }

  std::size_t left;
  io_unit* home = io_unit::current();
  bool on_own_thread = true;
  std::vector<heard> replies;
  caf::error error;
  std::function<void()> then;
  event all;

  inline static int gone = 0;
};

using listener_ptr = boost::intrusive_ptr<listener>;

/// Remembers what nobody waits for, and ints that are no replies.
struct sink : reply_sink {
  using reply_sink::reply_sink;

  void on_unclaimed(caf::mailbox_element& reply) noexcept override {
    unclaimed.push_back(reply.content().match_elements<int>() ? reply.content().get_as<int>(0) : -1);
  }

  void on_message(caf::mailbox_element& message) noexcept override {
    if (message.content().match_elements<int>()) {
      messages.push_back(message.content().get_as<int>(0));
      message_on_own_thread = unit().is_current();
      message_came.set();
    } else {
      reply_sink::on_message(message);
    }
  }

  std::vector<int> unclaimed;
  std::vector<int> messages;
  bool message_on_own_thread = false;
  event message_came;
};

struct parked {
  std::vector<caf::response_promise> open;
};

/// Answers with 100, 101, … when it gets a float.
inline caf::behavior late(caf::stateful_actor<parked>* self) {
  return {
    [self](int) { return self->state.open.emplace_back(self->make_response_promise()); },
    [self](float) {
      int answer = 100;
      for (auto& p : std::exchange(self->state.open, {}))
        p.deliver(answer++);
    },
  };
}

struct sink_fixture {
  loop l{2};
  sink_handle<sink> s;
  listener_ptr ear; ///< made and dropped on the unit's thread, where its count belongs

  sink_fixture() {
    on_unit([this] { s = make_sink<sink>(l.unit()); });
  }

  ~sink_fixture() {
    on_unit([this] {
      s->shut_down();
      ear.reset();
    });
    s = {};
  }

  template <class F>
  void on_unit(F f) {
    l.on_unit([&] {
      f();
      l.unit().flush();
    });
  }

  /// Waits until `ear` has heard all that it expects.
  void hear() {
    event all;
    on_unit([&] { all = ear->all; });
    CAF_REQUIRE(all.comes());
  }

  caf::actor dead() {
    auto a = l.spawn(echo);
    end(a);
    return a;
  }

  void end(const caf::actor& a) {
    caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
    caf::scoped_actor self{l.system};
    self->wait_for(a);
  }
};

} // namespace lmq::test
