// A blocking HTTP client for a request now and then.
#include "tests/bench/servers/http_control.hpp"

#include "tests/bench/load/connection.hpp"
#include "tests/bench/load/http_answer.hpp"
#include "tests/bench/load/http_driver.hpp"
#include "tests/bench/load/interrupt.hpp"

#include <chrono>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <stdexcept>

namespace lmq::bench {

std::optional<control_answer> ask(const endpoint& server, std::string_view method, std::string_view target,
                                  std::string_view body, int seconds_max) {
  using clock = std::chrono::steady_clock;
  const auto until = clock::now() + std::chrono::seconds{seconds_max};
  auto link = connection::try_open(server);
  if (!link.is_open())
    return std::nullopt;
  if (!link.send(http_request(method, target, server, body)))
    return std::nullopt;
  for (;;) {
    throw_if_interrupted();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
    if (left <= 0 || (link.wants_to_write() && !link.flush()))
      return std::nullopt;
    pollfd look{.fd = link.fd(), .events = POLLIN, .revents = 0};
    if (link.wants_to_write())
      look.events |= POLLOUT;
    if (::poll(&look, 1, static_cast<int>(left)) <= 0 || (look.revents & ~POLLOUT) == 0)
      continue;
    if (link.receive() == connection::got::closed)
      return std::nullopt;
    const auto answer = parse_http_answer(link.received());
    if (answer.is == http_answer::state::malformed)
      return std::nullopt;
    if (answer.is == http_answer::state::complete)
      return control_answer{answer.status, std::string{answer.body}};
  }
}

void delete_queue(const endpoint& server, const std::string& name) {
  const auto answer = ask(server, "DELETE", "/queues/" + name);
  if (!answer || (answer->status != 204 && answer->status != 404))
    throw std::runtime_error{"DELETE /queues/" + name + " was answered with " +
                             (answer ? std::to_string(answer->status) + " " + answer->body : "nothing")};
}

std::uint64_t queue_size(const endpoint& server, const std::string& name) {
  const auto answer = ask(server, "GET", "/stats");
  if (!answer || answer->status != 200)
    throw std::runtime_error{"GET /stats was not answered with 200"};
  const auto stats = nlohmann::json::parse(answer->body);
  const auto& queues = stats.at("queues");
  const auto found = queues.find(name);
  return found == queues.end() ? 0 : found->at("size").get<std::uint64_t>();
}

} // namespace lmq::bench
