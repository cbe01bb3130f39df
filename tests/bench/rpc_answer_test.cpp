// The benchmark's reader of MessagePack-RPC answers.
#define CAF_SUITE rpc_answer
#include "tests/bench/load/rpc_answer.hpp"

#include <caf/test/unit_test.hpp>

#include <string>

using lmq::bench::parse_rpc_answer;
using lmq::bench::rpc_answer;

namespace {

using namespace std::string_literals;

// [1, 300, nil, {"queue": "q", "id": "12_ab-C", "type": "normal", "retry": 2, "content": [1.5, {"id":
// "no"}]}]
const std::string pulled = "\x94\x01\xcd\x01\x2c\xc0\x85\xa5queue\xa1q\xa2id\xa7"
                           "12_ab-C\xa4type\xa6normal\xa5retry\x02\xa7"
                           "content\x92\xcb\x3f\xf8\0\0\0\0\0\0\x81\xa2id\xa2no"s;

const std::string pushed = "\x94\x01\x05\xc0\xa2ok"s;

} // namespace

CAF_TEST(an answer is complete with its last byte and not before) {
  for (std::size_t n = 0; n < pulled.size(); ++n)
    CAF_CHECK(parse_rpc_answer(pulled.substr(0, n)).is == rpc_answer::state::incomplete);
  const auto answer = parse_rpc_answer(pulled);
  CAF_REQUIRE(answer.is == rpc_answer::state::complete);
  CAF_CHECK(!answer.is_error);
  CAF_CHECK(answer.id == "12_ab-C");
  CAF_CHECK_EQUAL(answer.bytes, pulled.size());
}

CAF_TEST(a result that is a string is told) {
  const auto answer = parse_rpc_answer(pushed);
  CAF_REQUIRE(answer.is == rpc_answer::state::complete);
  CAF_CHECK(!answer.is_error);
  CAF_CHECK(answer.text == "ok");
  CAF_CHECK(answer.id.empty());
}

CAF_TEST(what follows an answer is left alone) {
  const auto two = pulled + pushed;
  CAF_CHECK_EQUAL(parse_rpc_answer(two).bytes, pulled.size());
}

CAF_TEST(contents of every length are passed over) {
  for (std::size_t size : {0U, 255U, 65'536U}) {
    std::string content = "\xdb"s;
    for (auto shift : {24, 16, 8, 0})
      content += static_cast<char>(size >> shift);
    content += std::string(size, 'x');
    const auto text = "\x94\x01\x05\xc0\x82\xa7"s + "content" + content + "\xa2id\xda\x00\x01z"s;
    const auto answer = parse_rpc_answer(text);
    CAF_REQUIRE(answer.is == rpc_answer::state::complete);
    CAF_CHECK(answer.id == "z");
    CAF_CHECK_EQUAL(answer.bytes, text.size());
  }
}

CAF_TEST(an error is told) {
  const auto text = "\x94\x01\x05\xa9not_found\xc0"s;
  const auto answer = parse_rpc_answer(text);
  CAF_REQUIRE(answer.is == rpc_answer::state::complete);
  CAF_CHECK(answer.is_error);
  CAF_CHECK_EQUAL(answer.bytes, text.size());
}

CAF_TEST(what is no answer is told as such) {
  for (const auto& text :
       {"HTTP/1.1 200 OK"s, "\x94\x00\x01\xc0\xc0"s, "\x93\x01\x01\xc0"s, "\xc1"s, "\x94\x01\x01\xc0\xc1"s})
    CAF_CHECK(parse_rpc_answer(text).is == rpc_answer::state::malformed);
}
