#include "apps/resolve.hpp"

#include <boost/asio/io_context.hpp>

#include <string>

namespace lmq {

namespace ip = boost::asio::ip;

checked<std::vector<ip::tcp::endpoint>> resolve_all(const host_port& address) {
  boost::asio::io_context context;
  ip::tcp::resolver resolver{context};
  boost::system::error_code error;
  auto found =
    resolver.resolve(address.host, std::to_string(address.port), ip::resolver_base::numeric_service, error);
  if (error || found.empty())
    return tl::unexpected<std::string>("no address is known for the host of " + to_text(address));
  std::vector<ip::tcp::endpoint> out;
  for (auto& entry : found) {
    auto at = entry.endpoint();
    if (at.address().is_v6() && at.address().to_v6().is_v4_mapped())
      at.address(ip::make_address_v4(ip::v4_mapped, at.address().to_v6()));
    out.push_back(at);
  }
  return out;
}

checked<ip::tcp::endpoint> resolve(const host_port& address) {
  return resolve_all(address).map([](auto&& all) { return all.front(); });
}

} // namespace lmq
