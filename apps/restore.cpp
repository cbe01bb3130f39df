#include "apps/disk_commands.hpp"

#include "apps/output.hpp"
#include "cluster/stored_queues.hpp"
#include "storage/offline.hpp"

#include <fmt/format.h>

#include <string>

namespace lmq {

namespace {

exit_code complain(output_files files, exit_code code, const std::string& sentence) {
  std::fputs(fmt::format("lmq: {}\n", sentence).c_str(), files.err);
  return code;
}

} // namespace

exit_code run(const restore_wanted& asked, output_files files) {
  auto from = offline_directory::open({.directory = asked.from, .program = LMQ_VERSION});
  if (!from)
    return complain(files, exit_code::storage, from.error().sentence);
  if (auto copied = copy_directory(asked.from, asked.directory); !copied)
    return complain(files, exit_code::storage, copied.error().sentence);
  for (const auto& remark : from->rows().remarks)
    std::fputs((remark + "\n").c_str(), files.err);
  auto written = write_out(files.out, fmt::format("{} holds queues: {}, messages: {}\n", asked.directory,
                                                  count_queues(from->rows().state), from->rows().messages));
  return written ? exit_code::done : complain(files, exit_code::refused, written.error());
}

} // namespace lmq
