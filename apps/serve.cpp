#include "apps/serve.hpp"

#include "apps/access.hpp"
#include "apps/cluster_check.hpp"
#include "apps/file_limit.hpp"
#include "apps/log.hpp"
#include "apps/node.hpp"
#include "apps/service_manager.hpp"
#include "apps/stop_watchdog.hpp"
#include "core/fault_point.hpp"
#include "core/log_value.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unistd.h>
#include <utility>

namespace lmq {

namespace {

/// SIGTERM, SIGINT and SIGHUP, kept back from every thread until somebody asks for one.
class signals_for_us {
public:
  /// Threads that are started from now on keep them back as well.
  signals_for_us() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }

  int wait() const {
    int number = 0;
    while (sigwait(&set_, &number) != 0)
      continue;
    return number;
  }

  /// From now on those that asked for the end do what they do to any program: they end it.
  void let_through() const {
    auto ending = set_;
    sigdelset(&ending, SIGHUP);
    pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);
  }

private:
  sigset_t set_{};
};

/// Takes the limits down to what the system allows. Returns how many connections were asked for.
std::size_t fit_connections(settings& asked) {
  auto wanted = asked.limits.connections_max;
  fit_into_files(asked.limits, raise_file_limit());
  return wanted;
}

void log_start(const settings& asked, const node& started, std::size_t connections_wanted) {
  if (asked.memory)
    spdlog::info(
      "node.start name={} version={} pid={} threads={} storage=memory message=\"all messages are kept in memory "
      "and are lost when this process ends\"",
      log_value(asked.name), LMQ_VERSION, getpid(), asked.threads);
  else
    spdlog::info("node.start name={} version={} pid={} threads={} storage=disk directory={}",
                 log_value(asked.name), LMQ_VERSION, getpid(), asked.threads,
                 log_value(asked.disk.directory));
  if (asked.limits.connections_max < connections_wanted)
    // Only who asked for a number is warned of not getting it.
    spdlog::log(
      connections_wanted == gateway_limits{}.connections_max ? spdlog::level::info : spdlog::level::warn,
      "node.connections_reduced wanted={} connections_max={} message=\"raise the hard limit on open files "
      "(ulimit -Hn) to have more\"",
      connections_wanted, asked.limits.connections_max);
  spdlog::info("http.listen address={}", to_text(host_port{asked.http.host, started.http_port()}));
  if (asked.access.serves_rpc())
    spdlog::info("rpc.listen address={}", to_text(host_port{asked.rpc.host, started.rpc_port()}));
  if (asked.cluster.address)
    spdlog::info("cluster.listen address={} tls={}",
                 to_text(host_port{asked.cluster.address->host, started.cluster_port()}),
                 asked.cluster.has_tls());
}

/// What a service manager shows of a server that runs.
std::string status_of(const settings& asked, const node& started) {
  auto out = fmt::format("{} at {}", asked.access.has_tls() ? "HTTPS" : "HTTP",
                         to_text(host_port{asked.http.host, started.http_port()}));
  if (asked.access.serves_rpc())
    out += ", MessagePack-RPC at " + to_text(host_port{asked.rpc.host, started.rpc_port()});
  return out;
}

/// In a build with fault points, what the environment asks for; nothing in any other.
void begin_faults() {
#ifdef LMQ_FAULTS
  const char* plan = std::getenv("LMQ_FAULT_PLAN");
  const char* seed = std::getenv("LMQ_FAULT_SEED");
  if (plan == nullptr || seed == nullptr)
    return;
  spdlog::warn("node.faults seed={} plan={} message=\"this program fails on purpose; SIGUSR1 ends that\"",
               log_value(seed), log_value(plan));
  std::signal(SIGUSR1, [](int) { fault_plan::never(); });
  fault_plan::at_random(std::strtoull(seed, nullptr, 10), plan);
#endif
}

} // namespace

exit_code serve(settings asked) {
  if (auto sound = check_cluster(asked.cluster); !sound) {
    std::fputs(fmt::format("lmq: {}\n", sound.error()).c_str(), stderr);
    return exit_code::usage;
  }
  open_log(asked.level, asked.form);
  signals_for_us signals;
  auto connections_wanted = fit_connections(asked);
  auto admission = read_access(asked.access);
  if (!admission) {
    std::fputs(fmt::format("lmq: {}\n", admission.error()).c_str(), stderr);
    return exit_code::usage;
  }
  auto started = node::start(asked, *admission);
  if (!started) {
    std::fputs(fmt::format("lmq: {}\n", started.error().why).c_str(), stderr);
    return started.error().how;
  }
  log_start(asked, *started, connections_wanted);
  log_access(asked, *admission);
  begin_faults();
  const service_manager manager{std::getenv("NOTIFY_SOCKET")};
  const auto status = status_of(asked, *started);
  manager.ready(status);
  auto signal = signals.wait();
  for (; signal == SIGHUP; signal = signals.wait()) {
    manager.reloading();
    if (auto terms = read_access_again(asked.access)) {
      started->admit_by(*terms);
      spdlog::info("access.reloaded tokens={} tls={}",
                   log_value(asked.access.tokens.empty() ? "none" : asked.access.tokens),
                   log_value(asked.access.has_tls() ? asked.access.certificate : "none"));
    }
    manager.ready(status);
  }
  spdlog::info("node.stop signal={}", signal == SIGTERM ? "SIGTERM" : "SIGINT");
  manager.stopping();
  signals.let_through();
  {
    stop_watchdog watchdog;
    started->stop();
  }
  spdlog::info("node.stopped");
  return exit_code::done;
}

} // namespace lmq
