#include "apps/client/commands.hpp"

#include "apps/client/admin.hpp"
#include "apps/client/status_text.hpp"
#include "apps/client/talk.hpp"
#include "core/utf8.hpp"
#include "gateway/limits.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace lmq::client {

namespace {

/// Headers that belong to the message, not to the connection.
bool of_message(std::string_view name) {
  return name != "connection" && name != "content-length" && name != "date" && name != "server" &&
         name != "transfer-encoding" && name != "keep-alive" && name != "x-request-id";
}

std::string queue_path(std::string_view queue) {
  return "/messages/" + percent_encoded(queue);
}

/// Carries one command out.
class errand : talk {
public:
  errand(const server_url& server, const credentials& with, standard_files files)
      : talk(server, with, files), server_(server), with_(with), files_(files) {}

  exit_code operator()(const ping&) const {
    // What every server answers, whatever it holds and whoever asks.
    auto code = ask({.method = "GET", .target = "/health"});
    return code == exit_code::done ? print(to_text(server_) + " answers\n") : code;
  }

  exit_code operator()(const push& what) const {
    auto body = what.body ? checked<std::string>{*what.body} : read_body();
    if (!body)
      return complain(exit_code::usage, body.error());
    return ask({.method = "POST",
                .target = queue_path(what.queue),
                .content_type = what.content_type,
                .body = *std::move(body)});
  }

  exit_code operator()(const pull& what) const {
    request asked{.method = "GET", .target = queue_path(what.queue), .wait = what.wait};
    if (what.wait)
      asked.target += "?t=" + seconds_to_text(*what.wait);
    auto reply = exchange(server_, with_, asked);
    if (!reply)
      return complain(exit_code::unreachable, reply.error());
    if (reply->status == 204)
      return complain(exit_code::refused, fmt::format("no message in \"{}\"", what.queue));
    if (reply->status != 200)
      return refuse(*reply);
    // What could not be written must not be acknowledged: it comes again when its lease ends.
    if (!write(*reply, what.headers ? files_.out : files_.err))
      return complain(exit_code::refused,
                      fmt::format("can't write the message: {}; it is not acknowledged and will "
                                  "come again",
                                  std::strerror(errno)));
    if (!what.ack)
      return exit_code::done;
    return (*this)(
      settle{.queue = what.queue, .id = std::string{reply->header("x-lmq-message-id")}, .reply = "ack"});
  }

  exit_code operator()(const settle& what) const {
    return ask({.method = "POST",
                .target = fmt::format("{}/{}?reply={}", queue_path(what.queue), percent_encoded(what.id),
                                      what.reply)});
  }

  exit_code operator()(const join& what) const {
    nlohmann::json body{{"address", to_text(what.address)}};
    return ask(
      {.method = "POST", .target = "/cluster/join", .content_type = "application/json", .body = body.dump()});
  }

  exit_code operator()(const leave&) const {
    return ask({.method = "POST", .target = "/cluster/leave", .wait = gateway_limits{}.leave_timeout});
  }

  exit_code operator()(const forget& what) const {
    return ask({.method = "DELETE", .target = "/cluster/members/" + percent_encoded(what.node)});
  }

  exit_code operator()(const backup& what) const {
    nlohmann::json body{{"directory", what.directory}};
    return ask({.method = "POST",
                .target = "/backup",
                .content_type = "application/json",
                .body = body.dump(),
                .wait = gateway_limits{}.backup_timeout});
  }

  exit_code operator()(const status& what) const {
    auto cluster = exchange(server_, with_, {.method = "GET", .target = "/cluster"});
    if (!cluster)
      return complain(exit_code::unreachable, cluster.error());
    auto alone = cluster->status == 409 && reason_in(*cluster) == "no_cluster";
    if (cluster->status != 200 && !alone)
      return refuse(*cluster);
    auto stats = exchange(server_, with_, {.method = "GET", .target = "/stats"});
    if (!stats)
      return complain(exit_code::unreachable, stats.error());
    if (stats->status != 200)
      return refuse(*stats);
    auto nodes = alone ? "null" : cluster->body;
    if (what.json)
      return print_document(fmt::format("{{\"cluster\":{},\"stats\":{}}}\n", nodes, stats->body));
    auto text = status_text(nodes, stats->body);
    if (!text)
      return complain(exit_code::refused, text.error());
    return print(*text);
  }

  template <class OfOperators>
  exit_code operator()(const OfOperators& what) const {
    return carry_out(what, *this);
  }

private:
  checked<std::string> read_body() const {
    if (isatty(fileno(files_.in)) != 0)
      put(files_.err, "lmq: type the body, then Ctrl-D at the beginning of a line\n");
    return read_input();
  }

  bool write(const answer& message, std::FILE* headers_to) const {
    // On standard error they are for a person; on standard output for a program, which gets them as they are.
    for (auto& [name, value] : message.headers)
      if (of_message(name))
        put(headers_to, fmt::format("{}: {}\n", name, headers_to == files_.err ? in_sight(value) : value));
    if (headers_to == files_.out)
      put(files_.out, "\n");
    put(files_.out, message.body);
    if (!message.body.ends_with('\n') && isatty(fileno(files_.out)) != 0)
      put(files_.out, "\n");
    return std::fflush(files_.out) == 0 && std::ferror(files_.out) == 0;
  }

  const server_url& server_;
  const credentials& with_;
  standard_files files_;
};

} // namespace

exit_code run(const command& asked, standard_files files) {
  return std::visit(errand{asked.server, asked.with, files}, asked.what);
}

} // namespace lmq::client
