// What StatsD and InfluxDB get over UDP at the end of each interval: lines, packed into datagrams.
#pragma once

#include "metrics/queue_changes.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace lmq::metrics {

/// Fits a frame of Ethernet beside the heads of IPv6 and UDP. A longer line goes alone.
inline constexpr std::size_t datagram_bytes_max = 1432;

/// For each queue in which something happened `lmq.QUEUE.push` and `.pull` (counters) and `.retention` (a
/// timer, in seconds, as one sample for all of the interval, with its rate); for every queue `lmq.QUEUE.size`
/// and `.memory` (gauges). In a name `:`, `|`, `@` and blanks, which StatsD can't have, are `_`.
std::vector<std::string> statsd_datagrams(const std::vector<queue_change>& of);

/// In line protocol, with the queue as a tag: `rate` with the tag `action` (push or pull) and the field
/// `count`, where it is not 0; `stats` with the fields `size`, `memory` (bytes) and, after a delivery,
/// `retention` (seconds).
///
/// @param at  since 1970
std::vector<std::string> influxdb_datagrams(const std::vector<queue_change>& of, std::chrono::nanoseconds at);

} // namespace lmq::metrics
