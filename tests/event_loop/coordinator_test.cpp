// The coordinator: on whose threads actors run, and what becomes of exceptions.
#define CAF_SUITE coordinator

#include <caf/test/unit_test.hpp>

#include "tests/event_loop/actors.hpp"
#include "tests/event_loop/loop.hpp"

#include <caf/blocking_actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <array>
#include <atomic>
#include <csignal>
#include <functional>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace lmq;
using namespace lmq::test;

namespace {

int ask(caf::actor_system& system, const caf::actor& to, int x) {
  caf::scoped_actor self{system};
  int answer = -1;
  self->request(to, patience, x).receive([&](int y) { answer = y; }, [](caf::error&) {});
  return answer;
}

/// What a child process that ran `fun` wrote to stderr; `status` is that of waitpid.
std::string last_words(const std::function<void()>& fun, int& status) {
  std::array<int, 2> ends{};
  CAF_REQUIRE(pipe(ends.data()) == 0);
  auto child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    std::signal(SIGABRT, SIG_DFL);
    alarm(static_cast<unsigned>(patience.count()));
    fun();
    _exit(0);
  }
  close(ends[1]);
  std::string words;
  std::array<char, 512> buffer{};
  for (ssize_t n; (n = read(ends[0], buffer.data(), buffer.size())) > 0;)
    words.append(buffer.data(), static_cast<std::size_t>(n));
  close(ends[0]);
  waitpid(child, &status, 0);
  return words;
}

} // namespace

CAF_TEST(the default leaves one core to whoever asks) {
  auto cores = std::thread::hardware_concurrency();
  CAF_CHECK_EQUAL(default_io_threads(), cores > 1 ? cores - 1 : 1u);
}

CAF_TEST(an actor runs on the threads of the units) {
  loop l{2};
  CAF_CHECK_EQUAL(l.io().size(), 2u);
  CAF_CHECK_EQUAL(l.io().num_workers(), 2u);
  event ran;
  io_unit* where = nullptr;
  auto a = l.system.spawn(on_int, [&](int) {
    where = io_unit::current();
    ran.set();
  });
  caf::anon_send(a, 1);
  CAF_REQUIRE(ran.comes());
  CAF_CHECK(where == &l.unit(0) || where == &l.unit(1));
  CAF_CHECK(io_unit::current() == nullptr);
  caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
}

CAF_TEST(on_each visits every unit on its own thread in order) {
  loop l{3};
  std::vector<std::size_t> visited;
  l.io().on_each([&](io_unit& u) {
    CAF_CHECK(u.is_current());
    visited.push_back(u.index());
  });
  CAF_CHECK_EQUAL(visited, (std::vector<std::size_t>{0, 1, 2}));
}

CAF_TEST(nothing that other threads send is lost) {
  constexpr int senders = 4;
  constexpr int each = 5000;
  constexpr int actors = 8;
  loop l{2};
  std::atomic<int> got{0};
  event all;
  std::vector<caf::actor> as;
  for (int i = 0; i < actors; ++i)
    as.push_back(l.system.spawn(on_int, [&](int) {
      if (++got == senders * each)
        all.set();
    }));
  std::vector<std::thread> threads;
  for (int s = 0; s < senders; ++s)
    threads.emplace_back([&, s] {
      for (int i = 0; i < each; ++i)
        caf::anon_send(as[static_cast<std::size_t>(i + s) % actors], i);
    });
  for (auto& t : threads)
    t.join();
  CAF_CHECK(all.comes());
  CAF_CHECK_EQUAL(got.load(), senders * each);
  for (auto& a : as)
    caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
}

CAF_TEST(scoped and detached and blocking actors talk with those on the threads of the loop) {
  loop l{2};
  auto e = l.spawn(echo);
  auto d = l.spawn<caf::detached>(echo);
  auto b = l.spawn([](caf::blocking_actor* self) { self->receive([](int x) { return x + 1; }); });
  CAF_CHECK_EQUAL(ask(l.system, e, 1), 1);
  CAF_CHECK_EQUAL(ask(l.system, d, 2), 2);
  CAF_CHECK_EQUAL(ask(l.system, b, 3), 4);
  caf::anon_send_exit(e, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(d, caf::exit_reason::user_shutdown);
  l.system.await_all_actors_done();
}

CAF_TEST(an exception in an actor ends that actor and no other) {
  loop l;
  auto faulty = l.spawn([](caf::event_based_actor* self) -> caf::behavior {
    self->set_exception_handler([](std::exception_ptr&) { return caf::make_error(caf::sec::runtime_error); });
    return {[](int) -> int { throw std::runtime_error("as planned"); }};
  });
  auto e = l.spawn(echo);
  CAF_CHECK_EQUAL(ask(l.system, faulty, 1), -1);
  CAF_CHECK_EQUAL(ask(l.system, e, 2), 2);
  caf::anon_send_exit(e, caf::exit_reason::user_shutdown);
}

CAF_TEST(an exception out of a handler ends the process with its text) {
  int status = 0;
  auto words = last_words(
    [] {
      loop l;
      l.on_unit([] { throw std::runtime_error("a handler that throws"); });
    },
    status);
  CAF_CHECK(WIFSIGNALED(status));
  CAF_CHECK_EQUAL(WTERMSIG(status), SIGABRT);
  CAF_CHECK(words.find("a handler that throws") != std::string::npos);
}

CAF_TEST(asking a system without the coordinator for it is a bug that ends the process) {
  int status = 0;
  auto words = last_words(
    [] {
      caf::actor_system_config config;
      caf::actor_system system{config};
      coordinator::of(system);
    },
    status);
  CAF_CHECK(WIFSIGNALED(status));
  CAF_CHECK(words.find("without install_coordinator") != std::string::npos);
}
