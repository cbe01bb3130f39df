// The benchmark's redis dialogue: what it sends, and what it takes for an answer.
#define CAF_SUITE redis_driver
#include "tests/bench/load/redis_driver.hpp"

#include <caf/test/unit_test.hpp>

#include <string>

using namespace lmq::bench;

namespace {

auto pushing(std::string_view list = "q", std::string_view body = "hello") {
  return make_list_push_dialogue(std::make_shared<const list_commands>(list, body));
}

} // namespace

CAF_TEST(a push is an array of three strings with their lengths) {
  const auto says = pushing("bench-0", "a\r\nb");
  const std::string expected = "*3\r\n$5\r\nRPUSH\r\n$7\r\nbench-0\r\n$4\r\na\r\nb\r\n";
  CAF_CHECK(says->next().bytes == expected);
}

CAF_TEST(an answer is complete with its last byte and not before) {
  const auto says = pushing();
  const std::string answer = ":1042\r\n";
  for (std::size_t n = 0; n < answer.size(); ++n) {
    const auto before = says->take(std::string_view{answer}.substr(0, n));
    CAF_CHECK(before.what == step::incomplete);
    CAF_CHECK_EQUAL(before.bytes, 0u);
  }
  const auto taken = says->take(answer);
  CAF_CHECK(taken.what == step::unit_done);
  CAF_CHECK_EQUAL(taken.bytes, answer.size());
}

CAF_TEST(what follows an answer is left alone) {
  const auto taken = pushing()->take(":1\r\n:2\r\n");
  CAF_CHECK(taken.what == step::unit_done);
  CAF_CHECK_EQUAL(taken.bytes, 4u);
}

CAF_TEST(an error is a failure and is consumed) {
  const std::string answer = "-MISCONF can't persist\r\n";
  const auto taken = pushing()->take(answer);
  CAF_CHECK(taken.what == step::failed);
  CAF_CHECK_EQUAL(taken.bytes, answer.size());
}

CAF_TEST(what is not the length of a list with something in it is a failure) {
  for (const std::string answer : {":0\r\n", ":-1\r\n", ":\r\n", ":1x\r\n", "+OK\r\n", "$-1\r\n", "\r\n"})
    CAF_CHECK(pushing()->take(answer).what == step::failed);
}
