// The benchmark's answer parser, on what nginx and LMQ send.
#define CAF_SUITE http_answer
#include "tests/bench/load/http_answer.hpp"

#include <caf/test/unit_test.hpp>

#include <string>

using lmq::bench::http_answer;
using lmq::bench::parse_http_answer;

namespace {

const std::string pulled = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nx-lmq-queue-name: q\r\n"
                           "x-lmq-message-id: 12_ab-C\r\ncontent-length: 5\r\n\r\nhello";

} // namespace

CAF_TEST(an answer is complete with its last byte and not before) {
  for (std::size_t n = 0; n < pulled.size(); ++n)
    CAF_CHECK(parse_http_answer(pulled.substr(0, n)).is == http_answer::state::incomplete);
  const auto answer = parse_http_answer(pulled);
  CAF_REQUIRE(answer.is == http_answer::state::complete);
  CAF_CHECK_EQUAL(answer.status, 200);
  CAF_CHECK(answer.body == "hello");
  CAF_CHECK(answer.message_id == "12_ab-C");
  CAF_CHECK(answer.queue_name == "q");
  CAF_CHECK_EQUAL(answer.bytes, pulled.size());
}

CAF_TEST(what follows an answer is left alone) {
  const auto two = pulled + pulled;
  CAF_CHECK_EQUAL(parse_http_answer(two).bytes, pulled.size());
}

CAF_TEST(header names may be written in capitals) {
  const std::string text = "HTTP/1.1 404 Not Found\r\nContent-Length:  3\r\nConnection: close\r\n\r\nabc";
  const auto answer = parse_http_answer(text);
  CAF_REQUIRE(answer.is == http_answer::state::complete);
  CAF_CHECK_EQUAL(answer.status, 404);
  CAF_CHECK(answer.body == "abc");
  CAF_CHECK(answer.closes);
}

CAF_TEST(an answer without content length has no body) {
  const std::string text = "HTTP/1.1 204 No Content\r\nserver: x\r\n\r\n";
  const auto answer = parse_http_answer(text);
  CAF_CHECK(answer.is == http_answer::state::complete);
  CAF_CHECK_EQUAL(answer.bytes, text.size());
}

CAF_TEST(what is not an answer is told as such) {
  CAF_CHECK(parse_http_answer("SSH-2.0-OpenSSH\r\n").is == http_answer::state::malformed);
  CAF_CHECK(parse_http_answer("HTTP/1.1 xyz OK\r\n\r\n").is == http_answer::state::malformed);
  CAF_CHECK(parse_http_answer("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is ==
            http_answer::state::malformed);
  CAF_CHECK(parse_http_answer("HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n").is ==
            http_answer::state::malformed);
}
