// Values as people write them: what is taken, what is refused, and with which words.
#define CAF_SUITE values

#include <caf/test/unit_test.hpp>

#include "apps/values.hpp"

using namespace lmq;
using namespace std::chrono_literals;

namespace {

template <class T>
bool says(const checked<T>& refused, std::string_view words) {
  return !refused && refused.error().find(words) != std::string::npos;
}

} // namespace

CAF_TEST(a size is whole bytes or has a binary unit) {
  CAF_CHECK(parse_bytes("65536") == 65536u);
  CAF_CHECK(parse_bytes("7B") == 7u);
  CAF_CHECK(parse_bytes("16KiB") == 16384u);
  CAF_CHECK(parse_bytes("64MiB") == 64u * 1024 * 1024);
  CAF_CHECK(parse_bytes("1024GiB") == bytes_max);
  for (auto text : {"", "MiB", "64MB", "64mib", "1.5MiB", "-1", "64 MiB", "0x10", "99999999999999999999"})
    CAF_CHECK(says(parse_bytes(text), "not a size"));
  for (auto text : {"0", "0MiB", "1025GiB", "18446744073709551615GiB"})
    CAF_CHECK(says(parse_bytes(text), "out of range"));
}

CAF_TEST(a time is decimal seconds kept to the millisecond) {
  CAF_CHECK(parse_seconds("10") == 10s);
  CAF_CHECK(parse_seconds("2.5") == 2500ms);
  CAF_CHECK(parse_seconds(".001") == 1ms);
  CAF_CHECK(parse_seconds("31622400") == seconds_max);
  for (auto text : {"", ".", "1s", "-1", "+1", "1e3", "nan", "inf", " 1", "1.2.3"})
    CAF_CHECK(says(parse_seconds(text), "not a time"));
  for (auto text : {"0", "0.0001", "31622401", "99999999999999999999999999"})
    CAF_CHECK(says(parse_seconds(text), "out of range"));
}

CAF_TEST(a whole number keeps to its range) {
  CAF_CHECK(parse_whole("1", {1, 9}) == 1u);
  CAF_CHECK(parse_whole("9", {1, 9}) == 9u);
  for (auto text : {"0", "10", "", "two", "1.0", "-1", "+1", "99999999999999999999"})
    CAF_CHECK(says(parse_whole(text, {1, 9}), "from 1 to 9"));
}

CAF_TEST(switches and levels have their words) {
  CAF_CHECK(*parse_switch("true"));
  CAF_CHECK(!*parse_switch("false"));
  CAF_CHECK(says(parse_switch("yes"), "neither true nor false"));
  for (auto level : {log_level::debug, log_level::info, log_level::warn, log_level::error, log_level::off})
    CAF_CHECK(parse_log_level(to_text(level)) == level);
  CAF_CHECK(says(parse_log_level("loud"), "debug, info, warn, error and off"));
}

CAF_TEST(a node name is printable and has no blanks) {
  CAF_CHECK(parse_node_name("lmq@here") == "lmq@here");
  CAF_CHECK(parse_node_name(std::string(255, 'n')).has_value());
  for (auto& text : {std::string{}, std::string{"a b"}, std::string{"a\nb"}, std::string{"\xc3\xa4"},
                     std::string(256, 'n')})
    CAF_CHECK(says(parse_node_name(text), "can't be a node's name"));
}

CAF_TEST(what is printed is read back as the same) {
  for (auto bytes :
       {std::size_t{1}, std::size_t{1000}, std::size_t{1024}, std::size_t{3} << 19, std::size_t{1} << 40})
    CAF_CHECK(parse_bytes(bytes_to_text(bytes)) == bytes);
  CAF_CHECK_EQUAL(bytes_to_text(64 * 1024 * 1024), "64MiB");
  for (auto time : {1ms, 999ms, 1000ms, 75000ms, 86400123ms})
    CAF_CHECK(parse_seconds(seconds_to_text(time)) == time);
  CAF_CHECK_EQUAL(seconds_to_text(10s), "10");
}
