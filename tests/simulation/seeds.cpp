#include "tests/simulation/seeds.hpp"

#include <cstdio>

namespace lmq::simulation {

plan plan_of(std::uint64_t seed) {
  plan p;
  p.seed = seed;
  constexpr std::size_t sizes[]{2, 3, 2, 3, 5};
  p.nodes = sizes[seed % 5];
  // Some seeds have but one kind of fault: what is found there is easier to understand.
  switch (seed / 5 % 8) {
  case 0: p.pauses = p.cuts = p.losses = p.leaves = false; break;
  case 1: p.crashes = p.cuts = p.losses = p.leaves = false; break;
  case 2: p.crashes = p.pauses = p.losses = p.leaves = false; break;
  case 3: p.crashes = p.pauses = p.cuts = p.leaves = false; break;
  case 4: p.crashes = p.pauses = p.cuts = p.losses = false; break;
  default: break;
  }
  p.writes = seed / 40 % 2 == 1;
  p.disks = seed / 5 % 16 >= 8;
  p.full = seed % 7 == 3;
  p.narrow = seed % 13 == 5;
  // Not where the network is cut: one side may acknowledge what has died on the other.
  p.dead_letters = !p.cuts && !p.losses && !p.pauses;
  p.min_copies = seed / 80 % 4 == 3 ? 2 : 1;
  return p;
}

outcome run_seed(std::uint64_t seed, bool trace, std::uint64_t watched) {
  world w{plan_of(seed)};
  w.watch(watched);
  if (trace)
    w.trace([](const std::string& line) { std::printf("%s\n", line.c_str()); });
  return w.run();
}

const std::vector<std::string_view>& bug_names() {
  static const std::vector<std::string_view> names{
    "put-without-context", "answer-before-copies",  "lease-without-consent",   "grown-window",
    "half-a-list",         "context-before-bodies", "round-never-answered",    "settled-leaves",
    "older-word-wins",     "answer-before-disk",    "acknowledge-before-disk", "full-is-sure",
    "too-few-is-enough"};
  return names;
}

std::optional<planted_bug> bug_named(std::string_view name) {
  const auto& names = bug_names();
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name)
      return static_cast<planted_bug>(i + 1);
  return std::nullopt;
}

} // namespace lmq::simulation
