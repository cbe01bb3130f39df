// The things that can be asked of the benchmark, one function each. All run on the main thread, end every
// server they start, and throw `interrupted` on Ctrl-C.
#pragma once

#include "tests/bench/modes/options.hpp"
#include "tests/bench/modes/report.hpp"

namespace lmq::bench {

/// Push and cycle of LMQ beside nginx and beanstalkd, in interleaved rounds.
void run_compare(const options& wanted, report& out);

/// Cycles over MessagePack-RPC beside the same cycles over HTTP, in interleaved rounds.
void run_rpc(const options& wanted, report& out);

/// Pushes and cycles with tokens, with TLS and with both beside those with neither, in interleaved rounds.
void run_access(const options& wanted, report& out);

/// Pushes to a node on its own beside pushes to one of two linked nodes, in interleaved rounds.
void run_cluster(const options& wanted, report& out);

/// Pushes that are answered when they are on the disk, beside redis and beanstalkd that do the same, LMQ in
/// memory and the disk itself, in interleaved rounds; with `connections` and with 256.
void run_disk(const options& wanted, report& out);

/// What a stored message costs, and what is left after all have been taken out.
void run_memory(const options& wanted, report& out);

/// Many pulls that wait on one queue; one push reaches exactly one of them.
void run_waiters(const options& wanted, report& out);

/// CPU and wake-ups of a server that nobody uses.
void run_idle(const options& wanted, report& out);

/// A mixture of everything for a time; in the end each message was acknowledged exactly once.
void run_soak(const options& wanted, report& out);

/// The same beside crashes at random places, of a server that is built to fail (LMQ_FAULTS).
void run_chaos(const options& wanted, report& out);

/// Latency of a normal load beside clients that behave badly.
void run_hostile(const options& wanted, report& out);

/// Speed of a queue that holds ten messages and of one that holds very many.
void run_large(const options& wanted, report& out);

/// Many queues and many regex waiters: pushes, new queues, deliveries.
void run_many(const options& wanted, report& out);

} // namespace lmq::bench
