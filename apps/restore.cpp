#include "apps/disk_commands.hpp"

#include "storage/offline.hpp"

#include <fmt/format.h>

namespace lmq {

namespace {

exit_code complain(output_files files, const store_error& why) {
  std::fputs(fmt::format("lmq: {}\n", why.sentence).c_str(), files.err);
  return exit_code::storage;
}

} // namespace

exit_code run(const restore_wanted& asked, output_files files) {
  auto from = offline_directory::open({.directory = asked.from, .program = LMQ_VERSION});
  if (!from)
    return complain(files, from.error());
  if (auto copied = copy_directory(asked.from, asked.directory); !copied)
    return complain(files, copied.error());
  for (const auto& remark : from->rows().remarks)
    std::fputs((remark + "\n").c_str(), files.err);
  std::fputs(fmt::format("{} holds queues: {}, messages: {}\n", asked.directory,
                         from->rows().state.queues.size(), from->rows().messages)
               .c_str(),
             files.out);
  return exit_code::done;
}

} // namespace lmq
