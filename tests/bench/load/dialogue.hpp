// What one connection of the closed loop says and understands; the loop itself knows no protocol.
#pragma once

#include <cstddef>
#include <string_view>

namespace lmq::bench {

enum class after_sending {
  await_answer,
  hang_up, // the loop resets the connection a moment later, whatever has come back, and opens a new one
};

struct request {
  std::string_view bytes; // valid until the next call of next()
  after_sending then = after_sending::await_answer;
};

enum class step {
  incomplete, // more bytes are needed
  next,       // the unit goes on with another request
  unit_done,  // a unit of work (a push, a cycle) has ended: its time is recorded
  exhausted,  // nothing left to do: the connection ends
  failed,     // not the answer that was asked for: counted as an error, and the unit begins again
};

struct taken {
  step what = step::incomplete;
  std::size_t bytes = 0;
};

/// A state machine, one for each connection; it never sees the socket.
class dialogue {
public:
  dialogue() = default;
  dialogue(const dialogue&) = delete;
  dialogue& operator=(const dialogue&) = delete;
  virtual ~dialogue() = default;

  /// The next request to send.
  virtual request next() = 0;

  /// Looks at what came back. Nothing is consumed while the step is incomplete.
  virtual taken take(std::string_view received) = 0;

  /// The connection is gone (or about to go); a request may be unanswered. Begin anew on a fresh one.
  virtual void lost() = 0;
};

} // namespace lmq::bench
