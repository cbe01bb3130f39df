// Every bound of the gateway, in one value: how much, how many, how long.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace lmq {

/// What only MessagePack-RPC needs to have bounded.
struct rpc_limits {
  std::size_t depth_max = 128;  ///< arrays and maps within each other; beyond: an error, and close
  std::size_t calls_max = 1024; ///< under way on one connection; beyond: none is begun before one has ended
  std::size_t calls_kept = 8;   ///< of a connection without any, so that the next ones ask for no memory
};

/// Made by the program's configuration, then shared unchanged by all I/O threads.
struct gateway_limits {
  // -- how much one request may bring

  std::size_t header_bytes_max = 16 * 1024;        ///< HTTP: request line and header fields; beyond: 431
  std::uint64_t body_bytes_max = 64 * 1024 * 1024; ///< beyond: 413; of an RPC frame: an error, and close
  std::uint64_t document_bytes_max = 1024 * 1024;  ///< of properties or rules; beyond: 413; RPC: `over_limit`
  std::size_t request_id_bytes_max = 128;          ///< a longer `x-request-id` is not answered back
  std::size_t trace_state_bytes_max = 512;     ///< a longer `tracestate` is not kept with a pushed message
  std::size_t pipelined_bytes_max = 64 * 1024; ///< read ahead while requests are being answered

  /// Of bodies and RPC frames that have come in part, of all connections; beyond: 503 and close, RPC: an
  /// error, and close. At least `body_bytes_max`.
  std::size_t incoming_bytes_max = std::size_t{1024} * 1024 * 1024;

  /// Of answers that clients have not taken yet, of all connections; beyond: 503 instead of a large one, and
  /// what it delivers goes back; and who takes nothing is closed. See `outgoing_room`.
  std::size_t outgoing_bytes_max = std::size_t{1024} * 1024 * 1024;

  // -- how much is written before others have their turn

  std::size_t write_bytes_per_turn = 64 * 1024;   ///< to one connection …
  std::size_t burst_bytes_per_turn = 1024 * 1024; ///< … and to those whose answers came in one burst, about

  std::chrono::hours wait_max = std::chrono::hours{24 * 366}; ///< a pull's waiting is clamped to this

  rpc_limits rpc;

  // -- how many

  std::size_t connections_max = 20'000; ///< of both protocols; beyond: 503 and close, RPC: close
  std::size_t waiters_max = 100'000; ///< pulls that wait, of both protocols; beyond: 503, RPC: `unavailable`
  std::size_t refused_connections_max = 256; ///< that get their 503 at a time; beyond: closed without a word
  std::size_t routes_max = 10'000;           ///< queues that an I/O thread remembers the way to
  unsigned resends_max = 32; ///< of a request that came back because its queue's actor had gone

  // -- how long

  using milliseconds = std::chrono::milliseconds;

  milliseconds header_timeout{10'000}; ///< from a request's first byte to the end of its header; then 408
  milliseconds idle_timeout{75'000};   ///< without a request; the connection is closed then
  milliseconds body_timeout{30'000};   ///< in which progress_bytes_min of a body must come; else 408
  milliseconds write_timeout{30'000};  ///< in which progress_bytes_min of an answer must be taken; else close
  milliseconds crowded_write_timeout{5'000}; ///< the same while there is no room for answers of others …
  milliseconds crowd_look_interval{1'000};   ///< … which each connection looks for so often
  std::size_t progress_bytes_min = 4 * 1024;
  milliseconds leave_timeout{10 * 60'000}; ///< for the cluster to take over all that a leaving node holds
  milliseconds backup_timeout{6 * 60 * 60'000}; ///< for a copy of the data directory
  milliseconds answer_timeout{10'000}; ///< for the broker to answer all else but a waiting pull; then 503 …
  milliseconds answer_grace{1'000}; ///< … but first so much more: the process itself may have been stopped

  // What a client still sends after its last answer is read and dropped, so that it can read that answer.
  milliseconds drain_timeout{10'000};
  std::uint64_t drain_bytes_max = 64 * 1024 * 1024;

  milliseconds tls_handshake_timeout{10'000}; ///< from the connection's begin to the end of it; then close

  milliseconds stop_timeout{3'000}; ///< for what is in flight when the server stops
  milliseconds accept_pause{100};   ///< after an accept that failed for want of descriptors or memory
};

} // namespace lmq
