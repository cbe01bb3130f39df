// The list of wires. A new one is a line here.
#include "tests/contract/broker_client.hpp"
#include "tests/contract/http_driver.hpp"
#include "tests/contract/rpc_driver.hpp"

namespace lmq::contract {

const std::vector<wire_kind>& wire_kinds() {
  static const std::vector<wire_kind> kinds{{"http", &open_http}, {"rpc", &open_rpc}};
  return kinds;
}

} // namespace lmq::contract
