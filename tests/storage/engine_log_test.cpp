// The engine's log for people: bounded, and in nobody's way.
#define CAF_SUITE engine_log

#include "storage/engine_log.hpp"
#include "tests/storage/harm.hpp"
#include "tests/storage/opened_store.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace lmq::testing;

namespace {

/// As the engine does.
void log(rocksdb::Logger& to, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  to.Logv(rocksdb::InfoLogLevel::WARN_LEVEL, format, arguments);
  va_end(arguments);
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

} // namespace

CAF_TEST(lines have their time and begin anew in the next life) {
  quick_folder folder;
  {
    engine_log first(folder.path());
    log(first, "%d tables", 3);
    log(first, "and a line of its own\n");
    auto text = read_all(folder.path())["LOG"];
    CAF_CHECK_EQUAL(lines_in(text), 2u);
    CAF_CHECK(text.find("Z [WARN] 3 tables\n") == std::string("2026-11-30T00:00:00.000000").size());
  }
  engine_log second(folder.path());
  auto all = read_all(folder.path());
  CAF_CHECK_EQUAL(all["LOG"], "");
  CAF_CHECK_EQUAL(lines_in(all["LOG.old"]), 2u);
}

CAF_TEST(it takes no more than two files of the greatest length) {
  quick_folder folder;
  engine_log to(folder.path());
  std::string line(3000, 'x');
  for (std::size_t bytes = 0; bytes < 3 * engine_log::file_bytes_max; bytes += line.size())
    log(to, "%s", line.c_str());
  auto all = read_all(folder.path());
  CAF_CHECK_EQUAL(all.size(), 2u);
  for (const auto& [name, text] : all)
    CAF_CHECK(text.size() <= engine_log::file_bytes_max);
  CAF_CHECK(all["LOG.old"].size() > engine_log::file_bytes_max - 2 * line.size());
}

CAF_TEST(a line that is too long is cut off) {
  quick_folder folder;
  engine_log to(folder.path());
  log(to, "%s", std::string(10'000, 'x').c_str());
  log(to, "next");
  auto text = read_all(folder.path())["LOG"];
  CAF_CHECK_EQUAL(lines_in(text), 2u);
  CAF_CHECK(text.size() < 5000);
}

CAF_TEST(what can not be written is left out) {
  quick_folder folder;
  engine_log nowhere(folder.path("missing"));
  log(nowhere, "nobody reads this");
  CAF_CHECK(read_all(folder.path()).empty());
}
