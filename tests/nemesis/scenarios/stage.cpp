// The course of every scenario: start, load, drain, judge, tell.
#include "tests/nemesis/scenarios/stage.hpp"

#include "tests/support/metrics_balance.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <numeric>
#include <thread>

namespace lmq::nemesis {

namespace {

constexpr std::size_t queue_count = 5;
constexpr std::size_t queues_with_windows = 1; // the last ones
constexpr std::size_t consumers_per_node = 3;
constexpr seconds become_one_max{10.0};
constexpr seconds steady_after_silence{1.5};
constexpr seconds drain_max{40.0};
constexpr seconds pause_between_looks{0.1};
// What might come back does so with new pulls, after everything seems to be done.
constexpr seconds linger{0.5};
// Leases whose ack is not known end soon enough for the drain; no message runs out of deliveries.
constexpr const char* properties = R"({{"retry":1000000,"timeout":5,"accum":{}}})";
constexpr const char* window = "0.2";

double rounded(seconds time) {
  return static_cast<double>(static_cast<long>(time.count() * 1000)) / 1000;
}

std::filesystem::path new_folder() {
  auto name = (std::filesystem::temp_directory_path() / "lmq_nemesis.XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw std::runtime_error(fmt::format("{}: {}", name, std::strerror(errno)));
  return name;
}

} // namespace

std::vector<std::size_t> first_nodes(std::size_t count) {
  std::vector<std::size_t> out(count);
  std::iota(out.begin(), out.end(), std::size_t{0});
  return out;
}

stage::stage(const run_options& asked, network::kind how, std::size_t node_count, std::size_t spare,
             storage kept_in)
    : asked_(asked),
      network_(how, node_count + spare),
      nodes_(network_, node_count + spare, kept_in),
      world_(network_, node_count, queue_count) {
  out_["scenario"] = asked.scenario;
  out_["seed"] = asked.seed;
  out_["nodes"] = node_count;
  for (auto node : first_nodes(node_count))
    nodes_.start(node);
  await_one(first_nodes(node_count));
  std::string homes;
  for (std::size_t i = 0; i < queue_count; ++i) {
    const auto& queue = world_.queues[i];
    auto accum = i + queues_with_windows < queue_count ? "0" : window;
    if (nodes_.ask(0, "PATCH", "/properties/" + queue, fmt::format(properties, accum)) != 204)
      throw std::runtime_error(fmt::format("the properties of {} could not be set", queue));
    homes += nodes_.home_of(0, queue);
  }
  out_["homes"] = homes;
}

stage::~stage() = default;

void stage::load(const habits& how) {
  mark("load");
  auto started = world_.known_nodes.load();
  clients_ = std::make_unique<clients>(
    world_, client_options{asked_.seed, how, queue_count * started, consumers_per_node * started});
}

void stage::calm() {
  std::this_thread::sleep_for(asked_.calm);
}

void stage::mark(std::string what, seconds limit) {
  note(what);
  world_.times.mark(std::move(what), limit, now());
}

void stage::note(std::string_view what) const {
  using namespace std::chrono;
  auto wall = system_clock::now();
  fmt::print(stderr, "{:%H:%M:%S}.{:03} {:7.3f} s: {}\n", fmt::gmtime(system_clock::to_time_t(wall)),
             duration_cast<milliseconds>(wall.time_since_epoch()).count() % 1000, since_start(now()), what);
}

void stage::check(const std::string& what, bool held) {
  if (!held)
    broken_.push_back(what);
}

void stage::await_lasting_one(const std::vector<std::size_t>& which) {
  await_one(which, steady_after_silence);
}

void stage::await_one(const std::vector<std::size_t>& which, seconds steady) {
  auto took = nodes_.await_one(which, become_one_max, steady);
  if (!took) {
    auto seen = nodes_.look(which.front(), "/cluster").dump();
    check(fmt::format("the nodes are one within {} s; node {} sees {}", become_one_max.count(),
                      nodes::name(which.front()), seen),
          false);
  }
  fmt::print(stderr, "the nodes are one after {:.3f} s\n", took.value_or(seconds{-1}).count());
  out_["became_one_s"].push_back(rounded(took.value_or(seconds{-1})));
}

std::string stage::left() {
  std::string out;
  for (std::size_t node = 0; node < nodes_.count(); ++node)
    if (nodes_.running(node))
      for (const auto& queue : world_.queues)
        if (auto size = nodes_.size_of(node, queue); size != 0)
          out +=
            fmt::format(" {}/{}: {}", nodes::name(node), queue, size ? std::to_string(*size) : "no answer");
  return out;
}

void stage::drain() {
  mark("end of the load");
  clients_->stop_pushing();
  testing::stopwatch watch;
  auto remains = left();
  while (!remains.empty() && watch.elapsed() < drain_max) {
    std::this_thread::sleep_for(pause_between_looks);
    remains = left();
  }
  out_["drain_s"] = rounded(watch.elapsed());
  check(fmt::format("the nodes are empty in {} s, as clients take and ack all; there remain{}",
                    drain_max.count(), remains),
        remains.empty());
  std::this_thread::sleep_for(linger);
}

void stage::judge_clients() {
  auto found = world_.book.figures();
  out_["pushed"] = found.pushed;
  out_["unknown_pushes"] = found.unknown_pushes;
  out_["unknown_found"] = found.unknown_found;
  out_["acked"] = found.acked;
  out_["unknown_acks"] = found.unknown_acks;
  out_["lost"] = found.lost;
  out_["refused_and_gone"] = found.refused_and_gone;
  out_["resurrected"] = found.resurrected;
  out_["behind_a_cut"] = found.behind_a_cut;
  out_["served_alone"] = found.served_alone;
  out_["duplicates"] = found.duplicates;
  out_["delivered_late"] = found.delivered_late;
  check("nothing is lost", found.lost == 0);
  check("what was delivered and could not be acked comes again", found.refused_and_gone == 0);
  check("nothing is resurrected", found.resurrected == 0);
  check("nothing is delivered to a pull that waited long after its ack", found.delivered_late == 0);
  check("nothing comes from nowhere", found.from_nowhere == 0);
  for (auto& sentence : world_.book.complaints())
    check(sentence, false);
  for (const auto& fault : world_.times.faults()) {
    out_["faults"].push_back({{"what", fault.what},
                              {"without_push_s", rounded(fault.without_push)},
                              {"without_delivery_s", rounded(fault.without_delivery)}});
    check(fmt::format("after \"{}\" no queue is without an answered push for more than {} s; it was {:.3f} s",
                      fault.what, fault.limit.count(), fault.without_push.count()),
          fault.without_push <= fault.limit);
  }
  out_["troubles"] = world_.times.troubles();
}

int stage::finish() {
  drain();
  clients_->stop_consuming();
  mark("end");
  judge_clients();
  return verdict();
}

int stage::verdict() {
  for (std::size_t node = 0; node < nodes_.count(); ++node)
    if (nodes_.running(node)) {
      auto balance = testing::balance_of(nodes_.metrics_of(node));
      check(fmt::format("the counts of node {} add up: {} came, {} went or are here", nodes::name(node),
                        balance.came, balance.went_or_here),
            balance.holds());
      check(fmt::format("node {} ends with 0", nodes::name(node)), nodes_.stop(node) == 0);
    }
  out_["held"] = broken_.empty();
  if (!broken_.empty()) {
    auto folder = new_folder();
    nodes_.keep_traces(folder);
    out_["logs"] = folder.string();
  }
  for (const auto& sentence : broken_)
    fmt::print(stderr, "BROKEN: {}\n", sentence);
  fmt::print("{}\n", out_.dump());
  return broken_.empty() ? 0 : 1;
}

} // namespace lmq::nemesis
