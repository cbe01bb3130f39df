// Starting and ending `lmq serve`, and reading GET /cluster.
#include "tests/nemesis/nodes/nodes.hpp"

#include "tests/support/http_client.hpp"
#include "tests/support/server_process.hpp"

#include <algorithm>
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
constexpr seconds pause_between_probes{0.005};

} // namespace

nodes::nodes(const network& where, std::size_t count, storage kept_in) : network_(where), runs_(count) {
  if (kept_in == storage::disk)
    disks_.emplace();
}

std::vector<std::string> nodes::arguments(std::size_t node) const {
  std::vector<std::string> out{
    "serve", "--name",     name(node), "--http", fmt::format("127.0.0.1:{}", network_.http_port(node)),
    "--rpc", "127.0.0.1:0"};
  if (disks_)
    out.insert(out.end(), {"--data-dir", disks_->path(name(node))});
  else
    out.emplace_back("--memory");
  if (count() == 1)
    return out;
  out.insert(out.end(), {"--cluster", network_.cluster_address(node)});
  if (network_.has_wires())
    out.emplace_back("--cluster-insecure"); // a network that ends in this program
  for (std::size_t peer = 0; peer < count(); ++peer)
    if (peer != node)
      out.insert(out.end(), {"--join", network_.cluster_address(peer)});
  return out;
}

void nodes::start(std::size_t node) {
  launch(node);
  await_start(node);
}

void nodes::launch(std::size_t node) {
  network::inside there{network_, node};
  auto& all = runs_[node];
  if (all.last)
    all.logs.push_back(all.last->standard_error());
  all.since_launch = {};
  all.last = std::make_unique<testing::child_process>(
    testing::command{.program = testing::program_path(), .arguments = arguments(node)});
}

void nodes::await_start(std::size_t node) {
  testing::time_limit limit{start_time_max};
  while (ask(node, "GET", count() == 1 ? "/health" : "/cluster") != 200)
    if (last_run(node).wait(pause_between_probes) || limit.passed())
      throw std::runtime_error(
        fmt::format("node {} did not start: {}", name(node), last_run(node).standard_error()));
  longest_start_ = std::max(longest_start_, runs_[node].since_launch.elapsed());
}

void nodes::kill(std::size_t node) {
  kill(std::vector<std::size_t>{node});
}

void nodes::kill(const std::vector<std::size_t>& which) {
  for (auto node : which)
    last_run(node).signal(SIGKILL);
  for (auto node : which)
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
  return runs_[node].last && last_run(node).running();
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
  auto text = get(node, target);
  return text.empty() ? nlohmann::json{} : nlohmann::json::parse(text, nullptr, false);
}

std::string nodes::metrics_of(std::size_t node) const {
  return get(node, "/metrics");
}

/// Empty: it does not answer, or refuses.
std::string nodes::get(std::size_t node, std::string_view target) const {
  try {
    network::inside there{network_, node};
    testing::http_client client{network_.http_port(node)};
    client.send("GET", target, {{"connection", "close"}});
    auto answer = client.receive(control_time_max);
    return answer.status == 200 ? answer.body : std::string{};
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
  if (count() == 1)
    return ask(0, "GET", "/health") == 200;
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

void nodes::keep_traces(const std::filesystem::path& folder) const {
  for (std::size_t node = 0; node < runs_.size(); ++node) {
    auto logs = runs_[node].logs;
    if (runs_[node].last)
      logs.push_back(runs_[node].last->standard_error());
    for (std::size_t run = 0; run < logs.size(); ++run)
      std::ofstream{folder / fmt::format("{}.{}.log", name(node), run + 1)} << logs[run];
  }
  if (disks_)
    std::filesystem::copy(disks_->path(), folder / "disks", std::filesystem::copy_options::recursive);
}

} // namespace lmq::nemesis
