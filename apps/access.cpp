#include "apps/access.hpp"

#include "apps/read_file.hpp"
#include "apps/resolve.hpp"
#include "core/log_value.hpp"
#include "gateway/access/token_file.hpp"
#include "gateway/tls/tls_identity.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

namespace lmq {

namespace {

template <class... Ts>
tl::unexpected<std::string> wrong(fmt::format_string<Ts...> sentence, Ts&&... values) {
  return tl::unexpected<std::string>(fmt::format(sentence, std::forward<Ts>(values)...));
}

/// Whoever has an account on the machine could read it.
void warn_if_others_read(std::string_view option, const std::string& path) {
  constexpr mode_t by_others = S_IROTH | S_IWOTH;
  struct stat about {};
  if (stat(path.c_str(), &about) == 0 && (about.st_mode & by_others) != 0)
    spdlog::warn(
      "access.file_open option={} file={} message=\"everybody on this machine can read it; take that "
      "away with chmod o= and let it belong to the server's user\"",
      option, log_value(path));
}

checked<std::shared_ptr<const token_table>> read_tokens(const std::string& path) {
  constexpr auto most = token_file_limits::file_bytes_max;
  auto text =
    read_file(path, most, fmt::format("{} has more than {} bytes; that is no file of tokens", path, most));
  if (!text)
    return wrong("tokens: {}", text.error());
  auto table = parse_tokens(*text);
  if (!table)
    return wrong("tokens: {}{}", path, table.error());
  return std::make_shared<const token_table>(*std::move(table));
}

checked<std::shared_ptr<const tls_identity>> read_identity(const access_settings& asked) {
  for (auto [option, path, other] : {std::tuple{"tls-cert", &asked.certificate, "--tls-key"},
                                     std::tuple{"tls-key", &asked.key, "--tls-cert"}})
    if (path->empty())
      return wrong("{}: it is missing; {} goes with it", option, other);
  auto loaded = tls_identity::load({asked.certificate, asked.key});
  if (!loaded)
    return wrong("tls-cert, tls-key: {}; name PEM files that belong together, the key without a password",
                 loaded.error());
  return loaded;
}

void warn_of_files(const access_settings& asked) {
  warn_if_others_read("tokens", asked.tokens);
  warn_if_others_read("tls-key", asked.key);
}

/// Whether other machines may reach what listens there.
bool beyond_loopback(const host_port& address) {
  auto found = resolve_all(address);
  return found && std::any_of(found->begin(), found->end(),
                              [](auto& endpoint) { return !endpoint.address().is_loopback(); });
}

} // namespace

checked<admission_terms> read_access(const access_settings& asked) {
  admission_terms out;
  if (!asked.tokens.empty()) {
    auto tokens = read_tokens(asked.tokens);
    if (!tokens)
      return tl::unexpected<std::string>(std::move(tokens).error());
    out.tokens = *std::move(tokens);
  } else if (asked.rpc_open) {
    return wrong(
      "rpc-open: without --tokens it is served to everybody anyway; leave it out, or give --tokens");
  }
  if (asked.has_tls()) {
    auto identity = read_identity(asked);
    if (!identity)
      return tl::unexpected<std::string>(std::move(identity).error());
    out.tls = *std::move(identity);
  }
  return out;
}

void log_access(const settings& asked, const admission_terms& terms) {
  if (terms.tokens)
    spdlog::info("access.tokens file={} tokens={}", log_value(asked.access.tokens), terms.tokens->size());
  if (terms.tls)
    spdlog::info("access.tls certificate={}", log_value(asked.access.certificate));
  warn_of_files(asked.access);
  if (!asked.access.serves_rpc())
    spdlog::info(
      "rpc.off message=\"MessagePack-RPC knows no tokens and is not served; --rpc-open serves it to "
      "everybody\"");
  if (beyond_loopback(asked.http)) {
    if (!terms.tokens)
      spdlog::warn(
        "access.open port=http address={} message=\"whoever reaches this port may read, write and delete "
        "everything; give --tokens FILE, or listen at 127.0.0.1\"",
        to_text(asked.http));
    else if (!terms.tls)
      spdlog::warn(
        "access.unencrypted port=http address={} message=\"tokens and messages can be read on their way; "
        "give --tls-cert and --tls-key, or put something in front that speaks TLS\"",
        to_text(asked.http));
  }
  if (asked.access.serves_rpc() && beyond_loopback(asked.rpc))
    spdlog::warn(
      "access.open port=rpc address={} message=\"whoever reaches this port may read, write and delete "
      "everything; MessagePack-RPC knows no tokens: listen at 127.0.0.1{}\"",
      to_text(asked.rpc), terms.tokens ? ", or leave out --rpc-open" : "");
}

std::optional<admission_terms> read_access_again(const access_settings& asked) {
  if (asked.tokens.empty() && !asked.has_tls()) {
    spdlog::info("access.nothing_to_read message=\"neither --tokens nor --tls-cert names a file\"");
    return std::nullopt;
  }
  auto again = read_access(asked);
  if (again) {
    warn_of_files(asked);
    return *std::move(again);
  }
  spdlog::error("access.reload_failed what={} message=\"all stays as it was\"", log_value(again.error()));
  return std::nullopt;
}

} // namespace lmq
