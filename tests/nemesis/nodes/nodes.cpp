// Starting and ending `lmq serve`, and reading GET /cluster.
#include "tests/nemesis/nodes/nodes.hpp"

#include "tests/support/http_client.hpp"
#include "tests/support/server_process.hpp"

#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <thread>

namespace lmq::nemesis {

namespace {

constexpr seconds start_time_max{20.0};
constexpr seconds leave_time_max{60.0};
constexpr seconds control_time_max{3.0};
constexpr seconds pause_between_looks{0.02};

} // namespace

nodes::nodes(const network& where, std::size_t count) : network_(where), runs_(count) {}

std::vector<std::string> nodes::arguments(std::size_t node) const {
  std::vector<std::string> out{"serve",     "--memory",
                               "--name",    name(node),
                               "--http",    fmt::format("127.0.0.1:{}", network_.http_port(node)),
                               "--rpc",     "127.0.0.1:0",
                               "--cluster", network_.cluster_address(node)};
  if (network_.has_wires())
    out.emplace_back("--cluster-insecure"); // a network that ends in this program
  for (std::size_t peer = 0; peer < count(); ++peer)
    if (peer != node)
      out.insert(out.end(), {"--join", network_.cluster_address(peer)});
  return out;
}

void nodes::start(std::size_t node) {
  {
    network::inside there{network_, node};
    runs_[node].push_back(std::make_unique<testing::child_process>(
      testing::command{.program = testing::program_path(), .arguments = arguments(node)}));
  }
  testing::time_limit limit{start_time_max};
  while (ask(node, "GET", "/cluster") != 200)
    if (last_run(node).wait(pause_between_looks) || limit.passed())
      throw std::runtime_error(
        fmt::format("node {} did not start: {}", name(node), last_run(node).standard_error()));
}

void nodes::kill(std::size_t node) {
  last_run(node).signal(SIGKILL);
  last_run(node).wait();
}

void nodes::pause(std::size_t node) {
  last_run(node).signal(SIGSTOP);
}

void nodes::resume(std::size_t node) {
  last_run(node).signal(SIGCONT);
}

std::optional<int> nodes::stop(std::size_t node) {
  last_run(node).signal(SIGTERM);
  return last_run(node).wait();
}

bool nodes::running(std::size_t node) {
  return !runs_[node].empty() && last_run(node).running();
}

bool nodes::leave(std::size_t node) {
  network::inside there{network_, node};
  testing::child_process child{
    {.program = testing::program_path(),
     .arguments = {"leave", "--url", fmt::format("http://127.0.0.1:{}", network_.http_port(node))}}};
  auto code = child.wait(leave_time_max);
  fmt::print(stderr, "lmq leave: {} {}{}\n", code ? std::to_string(*code) : "still runs",
             child.standard_output(), child.standard_error());
  return code == 0;
}

nlohmann::json nodes::look(std::size_t node, std::string_view target) const {
  try {
    network::inside there{network_, node};
    testing::http_client client{network_.http_port(node)};
    client.send("GET", target, {{"connection", "close"}});
    auto answer = client.receive(control_time_max);
    return answer.status == 200 ? nlohmann::json::parse(answer.body, nullptr, false) : nlohmann::json{};
  } catch (const testing::connection_lost&) {
  } catch (const testing::timed_out&) {
  }
  return {};
}

int nodes::ask(std::size_t node, std::string_view method, std::string_view target,
               std::string_view body) const {
  try {
    network::inside there{network_, node};
    testing::http_client client{network_.http_port(node)};
    return client.request(method, target, {{"connection", "close"}}, body).status;
  } catch (const testing::connection_lost&) {
  } catch (const testing::timed_out&) {
  }
  return 0;
}

bool nodes::are_one(const std::vector<std::size_t>& which) const {
  for (auto node : which) {
    auto seen = look(node, "/cluster");
    if (!seen.is_object() || !seen.value("serving", false))
      return false;
    std::size_t in_step = 0;
    for (const auto& member : seen["members"])
      for (auto other : which)
        if (member["name"] == name(other) && member["state"] == "in_step")
          ++in_step;
    if (in_step != which.size())
      return false;
  }
  return true;
}

std::optional<seconds> nodes::await_one(const std::vector<std::size_t>& which, seconds patience,
                                        seconds steady) const {
  testing::stopwatch watch;
  std::optional<seconds> one_since;
  for (;;) {
    auto looked_at = watch.elapsed();
    if (!are_one(which))
      one_since.reset();
    else if (!one_since)
      one_since = looked_at;
    if (one_since && watch.elapsed() - *one_since >= steady)
      return one_since;
    if (looked_at > patience + steady)
      return std::nullopt;
    std::this_thread::sleep_for(pause_between_looks); // states are told to those that ask
  }
}

std::optional<std::uint64_t> nodes::size_of(std::size_t node, const std::string& queue) const {
  auto stats = look(node, "/stats");
  if (!stats.is_object())
    return std::nullopt;
  return stats["queues"].contains(queue) ? stats["queues"][queue].value("size", std::uint64_t{0}) : 0;
}

std::uint64_t nodes::held_by(std::size_t node) const {
  std::uint64_t sum = 0;
  auto stats = look(node, "/stats");
  if (stats.is_object())
    for (const auto& queue : stats["queues"])
      sum += queue.value("size", std::uint64_t{0});
  return sum;
}

std::string nodes::home_of(std::size_t node, const std::string& queue) const {
  auto stats = look(node, "/stats");
  if (!stats.is_object() || !stats["queues"].contains(queue))
    return {};
  return stats["queues"][queue].value("home", std::string{});
}

void nodes::keep_logs(const std::filesystem::path& folder) const {
  for (std::size_t node = 0; node < runs_.size(); ++node)
    for (std::size_t run = 0; run < runs_[node].size(); ++run)
      std::ofstream{folder / fmt::format("{}.{}.log", name(node), run + 1)}
        << runs_[node][run]->standard_error();
}

} // namespace lmq::nemesis
