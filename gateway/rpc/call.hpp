// A call of an RPC session that is under way, or was.
//
// Held by its session, which uses it again for a later call; on the session's thread.
#pragma once

#include "gateway/exchange.hpp"
#include "gateway/gateway_actor.hpp"
#include "gateway/rpc/session.hpp"

#include <cstdint>

namespace lmq {

struct rpc_session::call final : private lmq::deadline_owner {
  call(rpc_session& owner, gateway_actor& gateway, std::uint32_t its_number)
      : number(its_number), conversation(gateway), session_(owner) {}

  const std::uint32_t number; ///< its place among the session's calls, and the mark of its replies
  exchange conversation;
  deadline due{*this};
  rpc_answer_id id; ///< nothing: a notification, which is not answered
  rpc_result result = rpc_result::ok;
  request_tally::kind asked = request_tally::unknown;
  bool open = false;     ///< under way
  bool waits = false;    ///< counted as a pull that may wait
  bool resolves = false; ///< counted as one whose queue is being looked for
  bool late = false;     ///< its answer should have come; it has a little longer

private:
  void on_deadline(deadline&) noexcept override {
    session_.turn([this] { session_.on_call_late(*this); });
  }

  rpc_session& session_;
};

} // namespace lmq
