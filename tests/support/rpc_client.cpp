// Calls out, answers in, over one tcp_connection.
#include "tests/support/rpc_client.hpp"

#include <ostream>
#include <sstream>

namespace lmq::testing {

namespace {

constexpr int request_type = 0;
constexpr int answer_type = 1;
constexpr int notification_type = 2;

} // namespace

std::ostream& operator<<(std::ostream& out, const rpc_answer& answer) {
  return out << "id " << answer.id << " error " << answer.error << " result " << answer.result;
}

std::string render_call(const packed& id, const packed& method, const rpc_params& params) {
  return array({request_type, id, method, array(params)}).bytes();
}

rpc_client::rpc_client(std::uint16_t port) : connection_(port) {}

rpc_answer rpc_client::call(const packed& method, const rpc_params& params) {
  return await(begin(method, params));
}

std::uint32_t rpc_client::begin(const packed& method, const rpc_params& params) {
  auto id = ++last_id_;
  open_.insert(id);
  connection_.send(render_call(id, method, params));
  return id;
}

rpc_answer rpc_client::await(std::uint32_t id, seconds patience) {
  time_limit limit{patience};
  for (;;) {
    if (auto found = answered_.extract(id))
      return std::move(found.mapped());
    auto answer = receive(limit);
    if (!answer)
      throw connection_lost("the connection ended before call " + std::to_string(id) + " was answered");
    sort_in(*std::move(answer));
  }
}

bool rpc_client::answered_within(std::uint32_t id, seconds pause) {
  time_limit limit{pause};
  try {
    while (!answered_.contains(id))
      if (auto answer = receive(limit))
        sort_in(*std::move(answer));
      else
        return false;
  } catch (const timed_out&) {
    return false;
  }
  return true;
}

void rpc_client::notify(const packed& method, const rpc_params& params) {
  connection_.send(array({notification_type, method, array(params)}).bytes());
}

void rpc_client::send_raw(std::string_view bytes) {
  connection_.send(bytes);
}

std::optional<rpc_answer> rpc_client::receive(seconds patience) {
  return receive(time_limit{patience});
}

bool rpc_client::ended_by_peer(seconds patience) {
  try {
    return received_.empty() && !connection_.receive(time_limit{patience});
  } catch (const timed_out&) {
    return false;
  } catch (const connection_lost&) {
    return true;
  }
}

std::optional<rpc_answer> rpc_client::receive(time_limit limit) {
  for (;;) {
    if (auto answer = take_answer())
      return answer;
    auto bytes = connection_.receive(limit);
    if (!bytes && !received_.empty())
      throw malformed_answer("the connection ended within an answer");
    if (!bytes)
      return std::nullopt;
    received_ += *bytes;
  }
}

/// Cuts one answer off what was received; nothing while it is incomplete.
std::optional<rpc_answer> rpc_client::take_answer() {
  std::size_t end = 0;
  auto frame = take_value(received_, end);
  if (!frame)
    return std::nullopt;
  received_.erase(0, end);
  auto parts = frame->elements();
  std::ostringstream shown;
  shown << *frame;
  if (parts.size() != 4 || parts[0] != packed{answer_type})
    throw malformed_answer("not [1, msgid, error, result]: " + shown.str());
  rpc_answer answer{std::move(parts[1]), std::move(parts[2]), std::move(parts[3])};
  if (answer.is_error() && !answer.result.is_nil())
    throw malformed_answer("an error and a result: " + shown.str());
  return answer;
}

/// Keeps an answer for who awaits it; it must be to a call that is open.
void rpc_client::sort_in(rpc_answer answer) {
  auto id = static_cast<std::uint32_t>(answer.id.number());
  if (answer.id != packed{id} || open_.erase(id) == 0) {
    std::ostringstream shown;
    shown << answer;
    throw malformed_answer("answers no open call: " + shown.str());
  }
  answered_.emplace(id, std::move(answer));
}

} // namespace lmq::testing
