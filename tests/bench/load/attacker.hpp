// A client that behaves badly, on a thread of its own, at a bounded rate.
#pragma once

#include "tests/bench/load/socket.hpp"

#include <cstdint>
#include <map>
#include <string_view>
#include <thread>

namespace lmq::bench {

enum class attack {
  junk,       // random bytes, some after a good beginning
  dribble,    // many connections that send a header a byte at a time (slow loris)
  silent,     // many connections that say nothing
  vanish,     // half a push, then a reset
  big_body,   // announces 10 GiB and begins to send
  big_header, // a header of 64 KiB and more
};

constexpr std::string_view name_of(attack kind) noexcept {
  switch (kind) {
  case attack::junk: return "junk";
  case attack::dribble: return "dribble";
  case attack::silent: return "silent";
  case attack::vanish: return "vanish";
  case attack::big_body: return "big_body";
  case attack::big_header: return "big_header";
  }
  return "";
}

struct attack_plan {
  endpoint server;
  attack kind = attack::junk;
  unsigned held = 500; // connections that dribble and silent keep open
  unsigned rate = 200; // new connections a second, at most
  std::uint64_t seed = 1;
};

struct attack_result {
  std::uint64_t opened = 0;
  std::uint64_t not_opened = 0;         // connects that failed
  std::uint64_t closed_by_server = 0;   // without an answer
  std::map<int, std::uint64_t> answers; // by status
  double cpu_seconds = 0;               // of the attacking thread: what it took from the others
};

class attacker {
public:
  /// Begins at once.
  explicit attacker(const attack_plan& plan);

  /// Ends the attack within some milliseconds. Once.
  attack_result stop();

private:
  attack_result result_; // written by the thread, read after it has ended
  std::jthread thread_;
};

} // namespace lmq::bench
