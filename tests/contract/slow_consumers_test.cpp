// Consumers that ask for much and read nothing: what they hold up, and what becomes of their messages.
#define CAF_SUITE slow_consumers

#include "tests/contract/limited_server.hpp"
#include "tests/contract/requests.hpp"
#include "tests/support/temporary_folder.hpp"

#include <algorithm>
#include <chrono>
#include <set>

using namespace lmq::contract;
using lmq::testing::seconds;

namespace {

constexpr std::size_t mebi = std::size_t{1024} * 1024;

/// Much more together than the server may hold of them, and each more than socket buffers take.
constexpr int consumers = 60;
constexpr std::size_t body_bytes = 5'000'000;

/// What `--memory-limit 16MiB --body-bytes-max 8MiB` leaves for answers that are not taken: two bodies.
constexpr std::size_t answers_bytes_max = 16 * mebi;

/// Answers that are on their way to the count, and what the allocator and the database keep.
constexpr std::size_t slack_bytes = 64 * mebi;

std::string body_of(int i) {
  auto name = std::to_string(i) + ' ';
  return name + std::string(body_bytes - name.size(), 'x');
}

/// Pulls and acknowledges messages until there are none, and for as long as there is no room for their
/// answers.
void take_all(http_client& client, std::set<std::string>& taken) {
  stopwatch watch;
  while (watch.elapsed() < seconds{60}) {
    auto answer = pull(client, "large", "t=0.5");
    if (answer.status == 204)
      return;
    if (answer.status == 503) {
      expect_refused(answer, 503, "unavailable");
      expect_equal(header_of(answer, "retry-after"), "1");
      expect_nothing(pull(client, "nothing", "t=0.2"));
      continue;
    }
    expect_status(answer, 200);
    expect_equal(retry_remaining_of(answer), "2");
    expect_equal(answer.body.size(), body_bytes);
    expect(taken.insert(answer.body.substr(0, answer.body.find(' '))).second, "a message came twice");
    expect_status(settle(client, "large", lease_of(answer), "ack"), 204);
  }
  expect(false, "it went on for too long");
}

} // namespace

CONTRACT(
  "answers that consumers do not read have a limit together: others are served, and no message is lost") {
  lmq::testing::temporary_folder folder;
  limited_server server{{"--memory-limit", "16MiB", "--body-bytes-max", "8MiB"}, folder.path("data")};
  auto client = server.http();
  set_properties(client, "large", R"({"timeout":600})");
  for (int i = 0; i < consumers; ++i)
    push_ok(client, "large", body_of(i));
  auto before = server.resident_bytes();
  auto most = before;

  std::vector<http_client> stuck;
  for (int i = 0; i < consumers; ++i) {
    stuck.push_back(server.http());
    stuck.back().send("GET", "/messages/large?t=0");
    most = std::max(most, server.resident_bytes());
  }
  for (int i = 0; i < 200; ++i) {
    stopwatch watch;
    push_ok(client, "small", std::to_string(i));
    expect_equal(pull_ok(client, "small").body, std::to_string(i));
    expect_prompt(watch.elapsed());
    most = std::max(most, server.resident_bytes());
  }
  expect(most <= before + answers_bytes_max + slack_bytes,
         "grew by " + std::to_string((most - before) / mebi) + " MiB");

  // Some of those that take nothing are closed when they are in the way, and the others when they go.
  std::set<std::string> taken;
  take_all(client, taken);
  stuck.clear();
  take_all(client, taken);
  expect_equal(taken.size(), std::size_t{consumers});
  auto figures = client.request("GET", "/metrics").body;
  expect(figures.find("\nlmq_outgoing_bytes 0\n") != std::string::npos, "answers are held still");
}
