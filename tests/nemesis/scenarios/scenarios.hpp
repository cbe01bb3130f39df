// What is done to a cluster under load, one function each. Each returns the program's exit code.
// Errors: not_permitted, where it needs to cut wires and can't; std::runtime_error, when nodes don't start
#pragma once

#include "tests/nemesis/scenarios/stage.hpp"

namespace lmq::nemesis {

/// kill -9 of one node, its restart under the same name, kill -9 of the next one, its restart.
int run_kill(const run_options& asked);

/// Each node is stopped in good order (SIGTERM) and started again: a rolling restart.
int run_rolling(const run_options& asked);

/// Nodes are killed and come back at once, again and again: views change all the time.
int run_rejoin(const run_options& asked);

/// SIGSTOP of one node for 3 s, and SIGCONT.
int run_stop(const run_options& asked);

/// A third node joins and leaves again; no client sees an error.
int run_join_leave(const run_options& asked);

/// The wire between the first two is cut for 5 s.
int run_cut(const run_options& asked);

/// The last node is cut from all others for 5 s.
int run_cut_one(const run_options& asked);

/// What the first node sends to the second is lost for 5 s, not the other way round.
int run_cut_one_way(const run_options& asked);

/// Both sides of a cut take 50,000 messages in; how long until all nodes hold all of them?
int run_diverge(const run_options& asked);

/// Kills, stops and cuts one after the other, as chance has it; each when the nodes are one again.
int run_storm(const run_options& asked);

/// One server that keeps all on its disk: kill -9 at any instant, and a start on what it left.
int run_crash(const run_options& asked);

/// Three that do so as a cluster: one, two or all are killed, and start in any order.
int run_crash_cluster(const run_options& asked);

} // namespace lmq::nemesis
