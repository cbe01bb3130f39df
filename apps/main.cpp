// The program `lmq`: reads its command line and does what it says.
#include "apps/command_line.hpp"
#include "apps/output.hpp"
#include "apps/serve.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace {

const char* environment(const char* name) {
  return std::getenv(name);
}

lmq::exit_code carry_out(lmq::text_wanted wanted) {
  auto written = lmq::write_out(stdout, wanted.text);
  if (written)
    return lmq::exit_code::done;
  std::fputs(("lmq: " + written.error() + "\n").c_str(), stderr);
  return lmq::exit_code::refused;
}

lmq::exit_code carry_out(lmq::settings asked) {
  return lmq::serve(std::move(asked));
}

lmq::exit_code carry_out(lmq::client::command asked) {
  return lmq::client::run(asked);
}

lmq::exit_code carry_out(lmq::certificate_wanted asked) {
  return lmq::make_certificates(asked);
}

template <class Wanted>
lmq::exit_code carry_out(Wanted asked) {
  return lmq::run(asked);
}

} // namespace

int main(int argc, char** argv) {
  // Whoever goes away while we write is an error of that write.
  std::signal(SIGPIPE, SIG_IGN);
  auto command =
    lmq::parse_command_line(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc), environment);
  if (!command) {
    std::fputs(("lmq: " + command.error() + "\n").c_str(), stderr);
    return static_cast<int>(lmq::exit_code::usage);
  }
  return static_cast<int>(
    std::visit([](auto&& asked) { return carry_out(std::move(asked)); }, *std::move(command)));
}
