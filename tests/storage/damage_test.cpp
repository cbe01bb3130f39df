// Damage: whatever is altered, cut or missing in a directory, it is refused, or nothing is missing.
#define CAF_SUITE damage

#include "storage/directory.hpp"
#include "tests/storage/harm.hpp"
#include "tests/storage/opened_store.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace lmq::testing;
namespace fs = std::filesystem;

namespace {

/// A directory with tables of several ages and logs.
files some_directory(const fs::path& directory, dice& random, std::string& expected) {
  row_maker make(random);
  row_model model;
  auto options = options_in(directory);
  options.write_buffer_bytes = 64 << 10;
  for (int life = 0; life < 3; ++life) {
    auto opened = open_well(options);
    for (auto n = 60 + random.below(60); n-- > 0;) {
      auto b = make.a_batch(model);
      model.apply(b);
      write_well(opened.store, b);
    }
  }
  expected = model.text();
  auto all = read_all(directory);
  all.erase(lock_file_name);
  return all;
}

/// What is wrong with how it opens; empty: nothing.
std::string flaw_of(const fs::path& directory, const files& harmed, const std::string& expected, int& refused,
                    bool twice) {
  write_all(directory, harmed);
  auto options = options_in(directory);
  options.write_buffer_bytes = 256 << 10; // logs are given their room beforehand
  auto opened = store::open(options);
  if (!opened) {
    ++refused;
    auto now = read_all(directory);
    now.erase(lock_file_name);
    if (now != harmed)
      return "the directory was changed: " + opened.error().sentence;
    if (opened.error().what != store_error::kind::damaged)
      return "not called damage: " + opened.error().sentence;
    if (opened.error().sentence.find(directory.string()) == std::string::npos)
      return "names no directory: " + opened.error().sentence;
    return {};
  }
  if (text_of(opened->state) != expected)
    return "it opens with something else";
  if (!twice)
    return {};
  { auto closed = std::move(*opened); }
  auto again = store::open(options);
  if (!again)
    return "it opens once: " + again.error().sentence;
  return text_of(again->state) == expected ? "" : "the second opening has something else";
}

} // namespace

CAF_TEST(whatever is harmed is refused or harmless) {
  auto first = first_seed();
  CAF_MESSAGE("LMQ_SEED=" << first);
  int refused = 0, all = 0;
  for (auto seed = first; seed != first + 2; ++seed) {
    dice random(seed);
    quick_folder folder;
    std::string expected;
    auto sound = some_directory(folder.path("data"), random, expected);
    CAF_REQUIRE(flaw_of(folder.path("harmed"), sound, expected, refused, true).empty());
    for (int i = 0; i < 250; ++i, ++all) {
      auto harmed = sound;
      auto told = do_harm(harmed, random);
      auto flaw = flaw_of(folder.path("harmed"), harmed, expected, refused, random.one_in(5));
      if (!flaw.empty())
        CAF_ERROR("LMQ_SEED=" << seed << " step " << i << ": " << told << ": " << flaw);
    }
  }
  CAF_MESSAGE(refused << " of " << all << " refused");
  CAF_CHECK(refused > all / 4);
}
