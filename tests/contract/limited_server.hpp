// A server with options of its own, for the cases about limits. Owned by one case.
#pragma once

#include "tests/contract/contract_case.hpp"
#include "tests/support/rpc_client.hpp"

#include <fstream>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace lmq::contract {

/// Runs as long as the case; one that doesn't end well fails it.
class limited_server {
public:
  /// @param data_dir  empty: all in memory
  explicit limited_server(std::vector<std::string> arguments, std::string data_dir = {})
      : process_({.arguments = std::move(arguments), .data_dir = std::move(data_dir)}) {}

  ~limited_server() { expect(process_.stop() == 0, "ended badly: " + process_.process().standard_error()); }

  http_client http() { return http_client{process_.http_port()}; }
  rpc_client rpc() { return rpc_client{process_.rpc_port()}; }

  server_process& process() { return process_; }

  /// Memory that it has in use now.
  std::size_t resident_bytes() {
    std::ifstream file{"/proc/" + std::to_string(process_.process().pid()) + "/statm"};
    std::size_t all_pages = 0;
    std::size_t resident_pages = 0;
    file >> all_pages >> resident_pages;
    return resident_pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  }

private:
  server_process process_;
};

} // namespace lmq::contract
