// The MessagePack-RPC wire as a broker_client sees it. Made by wire_kinds(); owned by the case that connects.
#pragma once

#include "tests/contract/broker_client.hpp"

namespace lmq::contract {

std::unique_ptr<wire> open_rpc(lmq::testing::server_process& server);

} // namespace lmq::contract
