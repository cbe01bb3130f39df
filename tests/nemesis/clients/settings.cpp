// Numbers as values of "retry", of one queue by itself and of another one by a rule.
#include "tests/nemesis/clients/settings.hpp"

#include "tests/nemesis/clients/client.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace lmq::nemesis {

namespace {

constexpr seconds pause_between_writes{0.01};
constexpr seconds control_time_max{3.0};

struct way {
  const char* verb;
  const char* method;
  const char* target;
  const char* body;
  const char* shown_at;
};

constexpr std::array<way, 2> ways{{
  {"patch", "PATCH", "/properties/set-by-itself", R"({{"retry":{}}})", "/properties/set-by-itself"},
  {"put_rules", "PUT", "/properties", R"([["^set-by-rule$",{{"retry":{}}}]])", "/properties/set-by-rule"},
}};

/// Nothing when there is no such answer.
std::optional<std::uint64_t> shown(const network& where, std::size_t node, const char* target) {
  try {
    network::inside there{where, node};
    testing::http_client client{where.http_port(node)};
    client.send("GET", target, {{"connection", "close"}});
    auto answer = client.receive(control_time_max);
    auto properties = nlohmann::json::parse(answer.body, nullptr, false);
    if (answer.status == 200 && properties.is_object() && properties.contains("retry"))
      return properties["retry"].get<std::uint64_t>();
  } catch (const testing::connection_lost&) {
  } catch (const testing::timed_out&) {
  }
  return std::nullopt;
}

} // namespace

settings::settings(world& shared, std::uint64_t seed)
    : world_(shared), thread_([this, seed] { write(seed); }) {}

settings::~settings() {
  stop();
}

void settings::stop() {
  go_on_ = false;
  if (thread_.joinable())
    thread_.join();
}

void settings::write(std::uint64_t seed) {
  client self{world_, 0, seed};
  for (std::uint64_t value = 1; go_on_; ++value)
    for (std::size_t i = 0; i < ways.size(); ++i) {
      const auto& how = ways[i];
      kinds_[i].sent = value;
      auto answer = self.ask(self.below(world_.known_nodes), how.verb, how.method, how.target,
                             fmt::format(fmt::runtime(how.body), value));
      if (answer && answer->status == 204) {
        kinds_[i].answered = value;
        ++kinds_[i].count;
      }
      std::this_thread::sleep_for(pause_between_writes);
    }
}

std::string settings::disagreement(std::size_t node) const {
  for (std::size_t i = 0; i < ways.size(); ++i) {
    auto least = kinds_[i].answered.load();
    auto found = shown(world_.where, node, ways[i].shown_at);
    auto most = kinds_[i].sent.load();
    if (least != 0 && (!found || *found < least || *found > most))
      return fmt::format("{} of {} was answered, {} was sent last; node {} shows {}", least, ways[i].target,
                         most, node, found ? std::to_string(*found) : "none");
  }
  return {};
}

std::uint64_t settings::answered() const {
  std::uint64_t sum = 0;
  for (const auto& each : kinds_)
    sum += each.count;
  return sum;
}

} // namespace lmq::nemesis
