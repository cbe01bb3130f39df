// Pipelining.
#include "tests/nemesis/clients/bulk.hpp"

#include "tests/support/http_client.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace lmq::nemesis {

namespace {

constexpr number pipelined = 50;

testing::http_client connect(const network& where, std::size_t node) {
  network::inside there{where, node};
  return testing::http_client{where.http_port(node)};
}

} // namespace

std::size_t push_many(const network& where, std::size_t node, const std::string& queue, numbers which,
                      std::size_t body_bytes) {
  auto connection = connect(where, node);
  std::size_t answered = 0;
  for (number done = 0; done < which.count;) {
    auto batch = std::min(pipelined, which.count - done);
    std::string bytes;
    for (number i = 0; i < batch; ++i)
      bytes += testing::render_request("POST", "/messages/" + queue, {},
                                       body_of(which.first + done + i, body_bytes));
    connection.send_raw(bytes);
    for (number i = 0; i < batch; ++i)
      if (connection.receive().status == 200)
        ++answered;
    done += batch;
  }
  return answered;
}

std::vector<number> pull_all(const network& where, std::size_t node, std::string_view regex) {
  auto connection = connect(where, node);
  std::string batch;
  for (number i = 0; i < pipelined; ++i)
    batch += testing::render_request("GET", fmt::format("/messages?qre={}&t=0", regex));
  std::vector<number> out;
  for (auto more = true; more;) {
    connection.send_raw(batch);
    for (number i = 0; i < pipelined; ++i) {
      auto answer = connection.receive();
      if (answer.status != 200)
        more = false;
      else
        for (auto which : numbers_in(answer.body))
          out.push_back(which);
    }
  }
  return out;
}

} // namespace lmq::nemesis
