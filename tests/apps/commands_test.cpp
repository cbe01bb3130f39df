// The client commands against a running server: what they print, and how they end.
#define CAF_SUITE commands

#include <caf/test/unit_test.hpp>

#include "tests/apps/run.hpp"
#include "tests/support/http_client.hpp"

using namespace lmq::testing;

namespace {

struct fixture {
  server_process server;
  std::string url = "http://127.0.0.1:" + std::to_string(server.http_port());

  command lmq(std::vector<std::string> words) const {
    return {.program = program_path(), .arguments = std::move(words), .environment = {{"LMQ_URL", url}}};
  }

  finished run(std::vector<std::string> words) const {
    child_process child{lmq(std::move(words))};
    return finish(child);
  }

  /// A line of the shell; $LMQ is the program.
  finished run_in_shell(std::string line) const {
    child_process child{{.program = "/bin/sh",
                         .arguments = {"-c", std::move(line)},
                         .environment = {{"LMQ", program_path()}, {"LMQ_URL", url}}}};
    return finish(child);
  }

  int messages_in(const std::string& queue) const {
    auto stats = http_client{server.http_port()}.request("GET", "/stats");
    auto at = stats.body.find("\"" + queue + "\":{");
    auto size = stats.body.find("\"size\":", at);
    return at == std::string::npos ? -1 : std::stoi(stats.body.substr(size + 7));
  }
};

/// The value of a header among printed lines.
std::string header_in(const std::string& text, const std::string& name) {
  auto begin = ("\n" + text).find("\n" + name + ": ");
  if (begin == std::string::npos)
    return {};
  begin += name.size() + 2;
  return text.substr(begin, text.find('\n', begin) - begin);
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(commands_tests, fixture)

CAF_TEST(a ping tells whether a server answers) {
  auto answered = run({"ping"});
  CAF_CHECK_EQUAL(answered.exit_code, 0);
  CAF_CHECK_EQUAL(answered.out, url + " answers\n");
  auto elsewhere = "http://127.0.0.1:" + std::to_string(free_port());
  auto unanswered = run({"ping", "--url", elsewhere});
  CAF_CHECK_EQUAL(unanswered.exit_code, 3);
  CAF_CHECK(is_one_line(unanswered.err));
  CAF_CHECK(unanswered.err.starts_with("lmq: can't reach " + elsewhere + ": Connection refused; "));
}

CAF_TEST(what is pushed is pulled byte for byte with its headers beside it) {
  auto pushed = run({"push", "q", "hello", "--type", "text/plain"});
  CAF_CHECK_EQUAL(pushed.exit_code, 0);
  CAF_CHECK_EQUAL(pushed.out + pushed.err, "");
  auto pulled = run({"pull", "q"});
  CAF_CHECK_EQUAL(pulled.exit_code, 0);
  CAF_CHECK_EQUAL(pulled.out, "hello");
  CAF_CHECK_EQUAL(header_in(pulled.err, "content-type"), "text/plain");
  CAF_CHECK_EQUAL(header_in(pulled.err, "x-lmq-queue-name"), "q");
  CAF_CHECK_EQUAL(header_in(pulled.err, "x-lmq-retry-remaining"), "2");
  CAF_CHECK(!header_in(pulled.err, "x-lmq-message-id").empty());
  CAF_CHECK(!holds(pulled.err, "content-length"));
}

CAF_TEST(a body comes from standard input unless it is given) {
  CAF_CHECK_EQUAL(run_in_shell(R"(printf 'a\000b\n' | "$LMQ" push q)").exit_code, 0);
  CAF_CHECK_EQUAL(run({"pull", "q"}).out, std::string("a\0b\n", 4));
  CAF_CHECK_EQUAL(run({"push", "empty"}).exit_code, 0);
  auto pulled = run({"pull", "empty"});
  CAF_CHECK_EQUAL(pulled.exit_code, 0);
  CAF_CHECK_EQUAL(pulled.out, "");
}

CAF_TEST(a large body goes both ways) {
  CAF_CHECK_EQUAL(run_in_shell(R"(head -c 20000000 /dev/zero | "$LMQ" push q)").exit_code, 0);
  auto pulled = run({"pull", "q", "--ack"});
  CAF_CHECK_EQUAL(pulled.exit_code, 0);
  CAF_CHECK_EQUAL(pulled.out.size(), 20'000'000u);
}

CAF_TEST(any name reaches its queue) {
  std::string name = "a/b c?d#e%41+\xc3\xa4";
  CAF_CHECK_EQUAL(run({"push", name, "x"}).exit_code, 0);
  auto pulled = run({"pull", name});
  CAF_CHECK_EQUAL(pulled.out, "x");
  CAF_CHECK_EQUAL(header_in(pulled.err, "x-lmq-queue-name"), name);
}

CAF_TEST(an empty queue is exit code 1 and says so) {
  auto pulled = run({"pull", "q"});
  CAF_CHECK_EQUAL(pulled.exit_code, 1);
  CAF_CHECK_EQUAL(pulled.out, "");
  CAF_CHECK_EQUAL(pulled.err, "lmq: no message in \"q\"\n");
}

CAF_TEST(a pull waits for a message) {
  child_process waiting{lmq({"pull", "q", "--wait", "forever"})};
  // Its queue appears with it.
  time_limit limit{answer_time_max};
  while (messages_in("q") < 0 && !limit.passed())
    continue;
  CAF_CHECK(waiting.running());
  CAF_CHECK_EQUAL(run({"push", "q", "at last"}).exit_code, 0);
  CAF_CHECK_EQUAL(finish(waiting).out, "at last");
  CAF_CHECK_EQUAL(run({"pull", "other", "--wait", "0.01"}).exit_code, 1);
}

CAF_TEST(an ack removes the message and works once) {
  run({"push", "q", "x"});
  auto id = header_in(run({"pull", "q"}).err, "x-lmq-message-id");
  CAF_CHECK_EQUAL(messages_in("q"), 1);
  CAF_CHECK_EQUAL(run({"ack", "q", id}).exit_code, 0);
  CAF_CHECK_EQUAL(messages_in("q"), 0);
  auto again = run({"ack", "q", id});
  CAF_CHECK_EQUAL(again.exit_code, 1);
  CAF_CHECK(is_one_line(again.err));
  CAF_CHECK(again.err.starts_with("lmq: "));
}

CAF_TEST(a pull can acknowledge by itself) {
  run({"push", "q", "x"});
  CAF_CHECK_EQUAL(run({"pull", "q", "--ack"}).exit_code, 0);
  CAF_CHECK_EQUAL(messages_in("q"), 0);
}

CAF_TEST(a message that could not be written is not acknowledged) {
  run({"push", "q", "x"});
  auto failed = run_in_shell(R"("$LMQ" pull q --ack >/dev/full)");
  CAF_CHECK_EQUAL(failed.exit_code, 1);
  CAF_CHECK(
    holds(failed.err, "lmq: can't write the message: No space left on device; it is not acknowledged"));
  CAF_CHECK_EQUAL(messages_in("q"), 1);
}

CAF_TEST(a nack gives the message back and an ext keeps it) {
  run({"push", "q", "x"});
  auto id = header_in(run({"pull", "q"}).err, "x-lmq-message-id");
  CAF_CHECK_EQUAL(run({"ext", "q", id}).exit_code, 0);
  CAF_CHECK_EQUAL(run({"pull", "q"}).exit_code, 1);
  CAF_CHECK_EQUAL(run({"nack", "q", id}).exit_code, 0);
  auto again = run({"pull", "q"});
  CAF_CHECK_EQUAL(again.out, "x");
  CAF_CHECK_EQUAL(header_in(again.err, "x-lmq-retry-remaining"), "1");
}

CAF_TEST(headers can go before the body) {
  run({"push", "q", "x"});
  auto pulled = run({"pull", "q", "--headers"});
  CAF_CHECK_EQUAL(header_in(pulled.out, "x-lmq-queue-name"), "q");
  CAF_CHECK(pulled.out.ends_with("\n\nx"));
  CAF_CHECK_EQUAL(pulled.err, "");
}

CAF_TEST(a refusal is told in the words of the server) {
  auto refused = run({"ack", "q", "nobody"});
  CAF_MESSAGE(refused.err);
  CAF_CHECK_EQUAL(refused.exit_code, 1);
  CAF_CHECK(is_one_line(refused.err));
  auto body = http_client{server.http_port()}.request("POST", "/messages/q/nobody?reply=ack").body;
  CAF_CHECK(holds(body, "\"message\":\"" + refused.err.substr(5, refused.err.size() - 6) + "\""));
}

CAF_TEST(what would be another request is not sent) {
  auto smuggled = "text/plain\r\ncontent-length: 0\r\n\r\nPOST /messages/smuggled HTTP/1.1\r\nhost: x";
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"push", "q", "x", "--type", smuggled},
                                             {"push", "", "x"},
                                             {"push", "a\nb", "x"},
                                             {"push", std::string(256, 'n'), "x"},
                                             {"pull", ""},
                                             {"ack", "q", ""},
                                             {"purge", "a\x7f"},
                                             {"ping", "--url", url + "/ HTTP/1.1\r\nx: y"}}) {
    auto refused = run(words);
    CAF_MESSAGE(refused.err);
    CAF_CHECK_EQUAL(refused.exit_code, 2);
    CAF_CHECK(is_one_line(refused.err));
    CAF_CHECK(!holds(refused.err, "/messages/"));
  }
  CAF_CHECK_EQUAL(messages_in("q"), -1);
  CAF_CHECK_EQUAL(messages_in("smuggled"), -1);
}

CAF_TEST(a path behind the address of a server is told from a refusal) {
  for (const auto& words : std::vector<std::vector<std::string>>{
         {"ping"}, {"push", "q", "x"}, {"pull", "q"}, {"status"}, {"queues"}}) {
    auto asked = words;
    asked.insert(asked.end(), {"--url", url + "/path"});
    auto refused = run(asked);
    CAF_CHECK_EQUAL(refused.exit_code, 2);
    CAF_CHECK_EQUAL(refused.err,
                    "lmq: " + url +
                      "/path has a path, and the server there knows no such route; its URL has none: " + url +
                      "\n");
  }
}

CAF_TEST(a body over the limit is a refusal and not a broken connection) {
  server_process small{server_options{.arguments = {"--body-bytes-max", "1KiB"}}};
  auto refused = run_in_shell("head -c 3000000 /dev/zero | \"$LMQ\" push q --url http://127.0.0.1:" +
                              std::to_string(small.http_port()));
  CAF_MESSAGE(refused.err);
  CAF_CHECK_EQUAL(refused.exit_code, 1);
  CAF_CHECK(is_one_line(refused.err));
}

CAF_TEST_FIXTURE_SCOPE_END()
