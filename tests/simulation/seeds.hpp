// From a seed to a run of the simulated cluster.
#pragma once

#include "cluster/planted.hpp"
#include "tests/simulation/world.hpp"

#include <optional>
#include <string_view>

namespace lmq::simulation {

/// Two, three or five nodes, and which faults there are, follow from the seed.
plan plan_of(std::uint64_t seed);

/// @param trace    tell on standard output what happens
/// @param watched  also what becomes of the message with this number; 0: of none
outcome run_seed(std::uint64_t seed, bool trace = false, std::uint64_t watched = 0);

/// By its name, with dashes: "grown-window". Nothing: there is none.
std::optional<planted_bug> bug_named(std::string_view name);

/// Their names, in order.
const std::vector<std::string_view>& bug_names();

} // namespace lmq::simulation
