#include "apps/resolve.hpp"

#include <boost/asio/io_context.hpp>

#include <string>

namespace lmq {

checked<boost::asio::ip::tcp::endpoint> resolve(const host_port& address) {
  boost::asio::io_context context;
  boost::asio::ip::tcp::resolver resolver{context};
  boost::system::error_code error;
  auto found = resolver.resolve(address.host, std::to_string(address.port),
                                boost::asio::ip::resolver_base::numeric_service, error);
  if (error || found.empty())
    return tl::unexpected<std::string>("no address is known for the host of " + to_text(address));
  return found.begin()->endpoint();
}

} // namespace lmq
