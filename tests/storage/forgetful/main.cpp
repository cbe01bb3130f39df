// lmq_forgetful: `lmq serve` over files that forget at a kill what was not synced. Takes what the program
// takes; with LMQ_FORGETS_SYNCED in the environment it forgets that, too, and whoever tests has to notice.
#include "apps/command_line.hpp"
#include "apps/serve.hpp"
#include "tests/storage/forgetful/held_back_files.hpp"

#include <rocksdb/env.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  auto command = lmq::parse_command_line({argv + 1, argv + argc}, [](const char* name) {
    const char* value = std::getenv(name);
    return value;
  });
  auto* asked = command ? std::get_if<lmq::settings>(&*command) : nullptr;
  if (asked == nullptr) {
    std::fputs("lmq_forgetful: it can serve and nothing else\n", stderr);
    return 2;
  }
  auto files = std::make_shared<lmq::testing::held_back_files>(std::getenv("LMQ_FORGETS_SYNCED") != nullptr);
  auto env = rocksdb::NewCompositeEnv(files);
  asked->disk.files = env.get();
  return static_cast<int>(lmq::serve(std::move(*asked)));
}
