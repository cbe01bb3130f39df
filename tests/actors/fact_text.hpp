// Facts as words, so that a test can say what it expects in a line. Messages are named by their counter,
// compounds by the first message's in brackets.
#pragma once

#include "core/fact.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace lmq {

struct fact_text {
  std::uint64_t incarnation = 1; ///< of plain messages; any other is a compound's

  std::string name(message_id id) const {
    auto n = std::to_string(id.counter);
    return id.incarnation == incarnation ? n : "[" + n + "]";
  }
  static std::string text(duration d) { return std::to_string(d / std::chrono::milliseconds{1}) + " ms"; }
  std::string names(const std::vector<message_id>& ids) const {
    std::string all;
    for (auto id : ids)
      all += " " + name(id);
    return all;
  }

  std::string operator()(const facts::put& x) const {
    return "put " + name(x.id) + " retries " + std::to_string(x.retries_left) +
           (x.window ? " in " + name(x.window->unit) + " for " + text(x.window->left) : "");
  }
  std::string operator()(const facts::closed& x) const {
    return "closed " + name(x.unit) + " retries " + std::to_string(x.retries_left) + " with" + names(x.parts);
  }
  std::string operator()(const facts::leased& x) const {
    return "leased " + name(x.unit) + "#" + std::to_string(x.delivery) + "@" +
           std::to_string(static_cast<std::uint32_t>(x.home)) + " for " + text(x.lease);
  }
  std::string operator()(const facts::ended& x) const {
    return "ended " + name(x.unit) + "#" + std::to_string(x.delivery) + "@" +
           std::to_string(static_cast<std::uint32_t>(x.home)) + " retries " + std::to_string(x.retries_left) +
           (x.exhausted ? " exhausted" : "") + (x.in_place ? " in place" : "");
  }
  std::string operator()(const facts::settled& x) const {
    return (x.why == facts::settled::cause::ack     ? "settled"
            : x.why == facts::settled::cause::purge ? "purged"
                                                    : "discarded") +
           names(x.ids);
  }
};

inline std::vector<std::string> texts(const std::vector<fact>& facts) {
  std::vector<std::string> all;
  for (const auto& f : facts)
    all.push_back(std::visit(fact_text{}, f));
  return all;
}

inline std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const auto& l : lines)
    all += (all.empty() ? "" : "; ") + l;
  return all;
}

} // namespace lmq
