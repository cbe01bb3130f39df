// The link between the cases, CAF's test engine and the suite's server.
#include "tests/contract/contract_case.hpp"

#include <caf/test/unit_test.hpp>

#include <cstdlib>
#include <memory>

namespace lmq::contract {

namespace {

/// What an upper limit in time allows beyond the shortest: far more than a busy machine with a sanitizer
/// needs, far less than the waits it must be told from.
constexpr seconds leeway{3.0};

void say(std::string_view what, here at) {
  caf::test::logger::instance().error()
    << std::string(at.file) << ":" << std::to_string(at.line) << ": " << std::string(what) << "\n";
}

/// The server of the suite that runs now.
class suite_server {
public:
  ~suite_server() {
    // Sanitizers speak up when the server ends: a suite whose server ends badly has failed.
    if (process_ && !ended_well())
      std::_Exit(EXIT_FAILURE);
  }

  void enter(const std::string& suite) {
    if (suite == suite_)
      return;
    if (process_ && !ended_well())
      caf::test::engine::current_test()->fail(false);
    process_.reset();
    suite_ = suite;
  }

  server_process& get() {
    if (!process_)
      process_ = std::make_unique<server_process>();
    return *process_;
  }

  /// False if the server broke down; the next get() starts another.
  bool survived() {
    if (!process_ || process_->running())
      return true;
    say("the server ended: " + process_->process().standard_error(), here::current());
    process_.reset();
    return false;
  }

private:
  bool ended_well() {
    auto code = process_->stop();
    if (code == 0)
      return true;
    say("the suite's server ended with " + (code ? std::to_string(*code) : "nothing, in time") + ": " +
          process_->process().standard_error(),
        here::current());
    return false;
  }

  std::string suite_;
  std::unique_ptr<server_process> process_;
};

suite_server& shared() {
  static suite_server instance;
  return instance;
}

template <class Body>
class contract_case : public caf::test::test {
public:
  contract_case(const char* suite, std::string sentence, Body body)
      : caf::test::test(std::move(sentence), false), suite_(suite), body_(std::move(body)) {}

  void run_test_impl() override {
    shared().enter(suite_);
    try {
      body_();
    } catch (const broken_off&) {
      // said where it was found
    } catch (const std::exception& error) {
      say("in \"" + name() + "\": " + error.what(), here::current());
      fail(false);
    }
    if (!shared().survived())
      fail(false);
  }

private:
  std::string suite_;
  Body body_;
};

template <class Body>
void add(const char* suite, std::string sentence, Body body) {
  caf::test::engine::add(suite,
                         std::make_unique<contract_case<Body>>(suite, std::move(sentence), std::move(body)));
}

} // namespace

server_process& server() {
  return shared().get();
}

std::string fresh_name() {
  static int count = 0;
  return "queue" + std::to_string(++count) + "end";
}

void let_it_arrive(server_process& where) {
  http_client probe{where.http_port()};
  for (int i = 0; i < 3; ++i)
    probe.request("GET", "/messages/let_it_arrive?t=0");
  probe.request("GET", "/messages/let_it_arrive?t=0.03");
}

void let_it_arrive() {
  let_it_arrive(server());
}

void expect(bool holds, std::string_view what, here at) {
  auto* test = caf::test::engine::current_test();
  if (holds) {
    test->pass();
    return;
  }
  say(what, at);
  test->fail(false);
}

void require(bool holds, std::string_view what, here at) {
  expect(holds, what, at);
  if (!holds)
    throw broken_off(std::string(what));
}

void expect_took(seconds elapsed, seconds least, here at) {
  std::ostringstream text;
  text << "took " << elapsed.count() << " s, wanted " << least.count() << " s or little more";
  expect(elapsed >= least && elapsed < least + leeway, text.str(), at);
}

void expect_prompt(seconds elapsed, here at) {
  expect_took(elapsed, seconds{0}, at);
}

registered::registered(const char* suite, const char* sentence, plain_body body) {
  add(suite, sentence, body);
}

registered::registered(const char* suite, const char* sentence, wire_body body) {
  for (auto& kind : wire_kinds())
    add(suite, kind.name + std::string(": ") + sentence, [body, open = kind.open] {
      auto opened = open(server());
      body(*opened);
    });
}

} // namespace lmq::contract
