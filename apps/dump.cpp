#include "apps/disk_commands.hpp"

#include "apps/dump_line.hpp"
#include "apps/output.hpp"
#include "storage/offline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace lmq {

namespace {

/// A message in the order of its queue.
struct in_line {
  std::uint64_t place = 0;
  std::size_t part = 0; ///< of a compound: which of its list
  message_id id;
  const stored_unit* unit = nullptr;
};

/// As the queue would deliver them. A message that several compounds list is shown with the first.
std::vector<in_line> in_order(const stored_queue& q) {
  std::unordered_map<message_id, in_line> lines;
  for (const auto& m : q.messages)
    lines.emplace(m.id, in_line{m.place, 0, m.id, nullptr});
  for (const auto& u : q.units)
    if (auto line = lines.find(u.unit); !u.compound && line != lines.end())
      line->second = {u.place, 0, u.unit, &u};
  for (const auto& u : q.units) {
    if (!u.compound)
      continue;
    for (std::size_t i = 0; i < u.parts.size(); ++i) {
      auto line = lines.find(u.parts[i]);
      if (line == lines.end())
        continue;
      auto& l = line->second;
      if (l.unit == nullptr || !l.unit->compound || u.place < l.place)
        l = {u.place, i, u.parts[i], &u};
    }
  }
  std::vector<in_line> all;
  all.reserve(lines.size());
  for (const auto& [id, line] : lines)
    all.push_back(line);
  std::sort(all.begin(), all.end(), [](const in_line& a, const in_line& b) {
    return std::tie(a.place, a.part, a.id) < std::tie(b.place, b.part, b.id);
  });
  return all;
}

exit_code complain(output_files files, exit_code code, std::string_view sentence) {
  std::fputs(fmt::format("lmq: {}\n", sentence).c_str(), files.err);
  return code;
}

/// @param failed  errno of a write that has failed; 0: none has
exit_code end(output_files files, int failed) {
  auto written = flush_out(files.out, failed);
  return written ? exit_code::done : complain(files, exit_code::refused, written.error());
}

} // namespace

exit_code run(const dump_wanted& asked, output_files files) {
  auto from = offline_directory::open({.directory = asked.directory, .program = LMQ_VERSION});
  if (!from)
    return complain(files, exit_code::storage, from.error().sentence);
  for (const auto& [name, q] : from->rows().state.queues)
    for (const auto& line : in_order(q)) {
      auto m = from->message_of(name, line.id);
      if (!m)
        return complain(files, exit_code::storage, m.error().sentence);
      auto text = dump_line(name, *m, line.unit);
      if (std::fwrite(text.data(), 1, text.size(), files.out) != text.size())
        return end(files, errno);
    }
  return end(files, 0);
}

} // namespace lmq
