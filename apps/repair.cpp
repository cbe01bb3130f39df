#include "apps/disk_commands.hpp"

#include "apps/output.hpp"
#include "cluster/stored_queues.hpp"
#include "core/utf8.hpp"
#include "storage/repair.hpp"

#include <fmt/format.h>

#include <string>

namespace lmq {

std::string text_of(const repair_report& r, const repair_wanted& asked) {
  auto out = fmt::format("read      {}: tables: {}, logs: {}\n", asked.directory, r.tables, r.logs);
  for (const auto& f : r.flaws)
    out += fmt::format("damaged   {}: {}\n", f.file, in_sight(f.what));
  for (const auto& d : r.dropped)
    out += fmt::format("dropped   {}\n", in_sight(d));
  for (const auto& remark : r.remarks)
    out += fmt::format("noticed   {}\n", in_sight(remark));
  if (!r.context.empty())
    out += fmt::format("context   {}\n", r.context);
  out += fmt::format("salvaged  {}: queues: {}, messages: {}\n", asked.to, count_queues(r.queues, r.notes),
                     r.messages);
  return out;
}

exit_code run(const repair_wanted& asked, output_files files) {
  auto report = repair_directory({.directory = asked.directory, .program = LMQ_VERSION}, asked.to);
  if (!report) {
    std::fputs(fmt::format("lmq: {}\n", report.error().sentence).c_str(), files.err);
    return exit_code::storage;
  }
  if (auto written = write_out(files.out, text_of(*report, asked)); !written) {
    std::fputs(fmt::format("lmq: {}\n", written.error()).c_str(), files.err);
    return exit_code::refused;
  }
  return report->whole() ? exit_code::done : exit_code::refused;
}

} // namespace lmq
