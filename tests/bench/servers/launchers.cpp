// Command lines, configuration and readiness of the measured servers.
#include "tests/bench/servers/launchers.hpp"

#include "tests/bench/servers/http_control.hpp"

#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <stdexcept>

namespace lmq::bench {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds ready_within{30'000};
constexpr milliseconds between_looks{20};
constexpr auto starts_max = 3; // a port that was free may be taken when the server binds it

bool answers_200(const endpoint& at) {
  const auto answer = ask(at, "GET", "/health", {}, 2); // which takes no token
  return answer && answer->status == 200;
}

bool accepts(const endpoint& at) {
  return static_cast<bool>(try_connect(at));
}

/// Anyone's but nobody's: these servers live for a measurement, on the loopback.
constexpr auto bench_token = "bench-bench-bench-bench";

/// Has the program make a certificate for itself; its words on the command line.
std::vector<std::string> make_certificate(const std::string& program, const std::filesystem::path& home) {
  for (const auto& words : {std::vector<std::string>{"init"}, {"node", "bench"}}) {
    std::vector<std::string> command{program, "cert"};
    command.insert(command.end(), words.begin(), words.end());
    command.insert(command.end(), {"--dir", home.string()});
    child_process making{command, home / "cert-output"};
    making.wait_for_end(ready_within);
    if (making.stop() != 0)
      throw std::runtime_error{"no certificate could be made: " + making.last_output()};
  }
  return {"--tls-cert", (home / "bench.pem").string(), "--tls-key", (home / "bench-key.pem").string()};
}

std::vector<std::string> make_tokens(const std::filesystem::path& home) {
  const auto file = home / "tokens";
  // More than one, as where they are used; a pattern that has to be looked at.
  std::ofstream out{file};
  for (int i = 0; i < 100; ++i)
    out << "other-" << i << " push,pull other-.* other-other-other-" << i << '\n';
  out << "bench push,pull,admin bench-.* " << bench_token << '\n';
  return {"--tokens", file.string()};
}

using command_for = std::function<std::vector<std::string>(const server&)>;

server launch(std::string name, const command_for& command, bool (*ready)(const endpoint&),
              const endpoint& like = {}) {
  std::string output;
  for (int start = 0; start < starts_max; ++start) {
    server result;
    result.name = name;
    result.at = like;
    result.at.port = find_free_port();
    result.rpc.port = find_free_port();
    result.home = std::make_unique<testing::temporary_folder>();
    result.child = std::make_unique<child_process>(command(result), result.home->path("output"));
    result.pid = result.child->pid();
    for (milliseconds waited{0}; waited < ready_within; waited += between_looks) {
      if (result.child->wait_for_end(between_looks))
        break;
      if (ready(result.at))
        return result;
    }
    result.child->stop();
    output = result.child->last_output();
  }
  throw std::runtime_error{fmt::format("{} doesn't get ready. It wrote:\n{}", name, output)};
}

// One process instead of master and worker: what a single worker does is the same, and it is one pid.
constexpr auto nginx_configuration = R"(daemon off;
master_process off;
pid {home}/pid;
error_log {home}/error.log crit;
worker_rlimit_nofile 16384;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  keepalive_timeout 3600s;
  keepalive_requests 1000000000;
  client_max_body_size 0;
  client_body_temp_path {home}/body;
  proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi;
  scgi_temp_path {home}/scgi;
  server {{
    listen 127.0.0.1:{port};
    default_type application/json;
    location / {{ return 200 '{{"accum":"no"}}'; }}
  }}
}}
)";

} // namespace

server launch_lmq(const lmq_options& options) {
  if (!options.url.empty()) {
    server external;
    external.name = "lmq";
    external.at = parse_url(options.url);
    external.pid = options.pid;
    if (!answers_200(external.at))
      throw std::runtime_error{"GET /health at " + options.url + " isn't answered with 200"};
    return external;
  }
  const auto command = [&](const server& s) {
    std::vector<std::string> words{options.path, "serve",      "--http",    s.at.text(),
                                   "--rpc",      s.rpc.text(), "--threads", std::to_string(options.threads)};
    switch (options.keeps) {
    case storage::memory: words.emplace_back("--memory"); break;
    case storage::disk: words.insert(words.end(), {"--data-dir", s.home->path("data")}); break;
    }
    const auto add = [&](const std::vector<std::string>& more) {
      words.insert(words.end(), more.begin(), more.end());
    };
    if (options.guard.tokens)
      add(make_tokens(s.home->path()));
    if (options.guard.tls)
      add(make_certificate(options.path, s.home->path()));
    add(options.extra);
    return words;
  };
  endpoint like;
  like.token = options.guard.tokens ? bench_token : "";
  like.tls = options.guard.tls;
  return launch("lmq", command, answers_200, like);
}

std::optional<server> launch_nginx() {
  const auto program = find_program("nginx");
  if (program.empty())
    return std::nullopt;
  const auto command = [&](const server& s) {
    const auto home = s.home->path();
    const auto file = home + "/nginx.conf";
    std::ofstream{file} << fmt::format(fmt::runtime(nginx_configuration), fmt::arg("home", home),
                                       fmt::arg("port", s.at.port));
    return std::vector<std::string>{program.string(), "-p", home, "-c", file};
  };
  return launch("nginx", command, answers_200);
}

std::optional<server> launch_beanstalkd(storage keeps) {
  const auto program = find_program("beanstalkd");
  if (program.empty())
    return std::nullopt;
  const auto command = [&](const server& s) {
    std::vector<std::string> words{program.string(),          "-l", s.at.host, "-p",
                                   std::to_string(s.at.port), "-z", "67108864"};
    switch (keeps) {
    case storage::memory: break;
    case storage::disk: words.insert(words.end(), {"-b", s.home->path(), "-f", "0"}); break;
    }
    return words;
  };
  return launch("beanstalkd", command, accepts);
}

std::optional<server> launch_redis() {
  const auto program = find_program("redis-server");
  if (program.empty())
    return std::nullopt;
  const auto command = [&](const server& s) {
    std::vector<std::string> words{program.string(), "--bind", s.at.host, "--port",
                                   std::to_string(s.at.port)};
    words.insert(words.end(), {"--dir", s.home->path(), "--save", ""});
    words.insert(words.end(), {"--appendonly", "yes", "--appendfsync", "always"});
    return words;
  };
  return launch("redis", command, accepts);
}

std::string version_of(const std::string& program) {
  const auto path = find_program(program);
  if (path.empty())
    return {};
  const testing::temporary_folder folder;
  child_process child{{path.string(), "-v"}, folder.path("output")};
  child.wait_for_end(milliseconds{5000});
  std::ifstream output{folder.path("output")};
  std::string line;
  std::getline(output, line);
  return line;
}

} // namespace lmq::bench
