#include "apps/cluster_check.hpp"

#include "apps/certificates.hpp"
#include "apps/resolve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace lmq {

namespace {

template <class... Ts>
tl::unexpected<std::string> wrong(fmt::format_string<Ts...> sentence, Ts&&... values) {
  return tl::unexpected<std::string>(fmt::format(sentence, std::forward<Ts>(values)...));
}

/// The first option that means nothing without --cluster; empty: there is none.
std::string_view option_without_cluster(const cluster_settings& asked) {
  if (!asked.join.empty())
    return "join";
  if (asked.min_copies != cluster_settings{}.min_copies)
    return "min-copies";
  if (!asked.tls_cert.empty())
    return "cluster-tls-cert";
  if (!asked.tls_key.empty())
    return "cluster-tls-key";
  if (!asked.tls_ca.empty())
    return "cluster-tls-ca";
  if (asked.insecure)
    return "cluster-insecure";
  return {};
}

checked<void> check_tls(const cluster_settings& asked) {
  if (!asked.has_tls())
    return {};
  const std::array<std::pair<std::string_view, const std::string*>, 3> files{
    {{"cluster-tls-cert", &asked.tls_cert},
     {"cluster-tls-key", &asked.tls_key},
     {"cluster-tls-ca", &asked.tls_ca}}};
  for (auto& [option, path] : files)
    if (path->empty())
      return wrong("{}: it is missing; TLS takes all of --cluster-tls-cert, --cluster-tls-key and "
                   "--cluster-tls-ca (lmq cert makes the files)",
                   option);
  if (asked.insecure)
    return wrong("cluster-insecure: the TLS files say the opposite; give either them or --cluster-insecure");
  return check_tls_files({asked.tls_cert, asked.tls_key, asked.tls_ca});
}

checked<void> check_reach(const cluster_settings& asked) {
  auto text = to_text(*asked.address);
  auto found = resolve_all(*asked.address);
  if (!found)
    return wrong("cluster: {}; give the address of an interface of this machine", found.error());
  auto any = [&](auto what) { return std::any_of(found->begin(), found->end(), what); };
  if (any([](auto& endpoint) { return endpoint.address().is_unspecified(); }))
    return wrong(
      "cluster: {} is every interface, and others must be able to reach it: give the address of an "
      "interface, like 192.0.2.1:9981",
      text);
  if (any([](auto& endpoint) { return !endpoint.address().is_loopback(); }) && !asked.has_tls() &&
      !asked.insecure)
    return wrong(
      "cluster: {} can be reached from other machines, and who reaches it would be trusted: give the "
      "three --cluster-tls-* files (lmq cert makes them), or --cluster-insecure on a private network",
      text);
  return {};
}

} // namespace

checked<void> check_cluster(const cluster_settings& asked) {
  if (!asked.address) {
    if (auto option = option_without_cluster(asked); !option.empty())
      return wrong("{}: this node belongs to no cluster; give its cluster port with --cluster HOST:PORT, too",
                   option);
    return {};
  }
  if (auto sound = check_tls(asked); !sound)
    return sound;
  return check_reach(asked);
}

} // namespace lmq
