// What operators are told of queues and messages, as documents.
#define CAF_SUITE json_queues

#include "gateway/http/json_queues.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

queue_report some_report() {
  queue_report q;
  q.name = "q";
  q.size = 6;
  q.ready = 3;
  q.leased = 2;
  q.accumulating = 1;
  q.waiters = 4;
  q.memory_bytes = 1234;
  return q;
}

peeked_part part(std::string body, std::uint64_t bytes) {
  return {"text/plain", {{"x-a", "1"}}, bytes, std::move(body)};
}

} // namespace

CAF_TEST(a page tells where it begins and how many there are) {
  CAF_CHECK_EQUAL(queues_json({{"", 7, 2}, 9, {}}), R"({"limit":2,"offset":7,"queues":[],"total":9})");
  auto q = some_report();
  auto r = q;
  r.name = "r";
  r.home = "anna";
  r.down = r.in_force.paused = true;
  CAF_CHECK_EQUAL(
    queues_json({{}, 2, {q, r}}),
    R"({"limit":100,"offset":0,"queues":[)"
    R"({"accumulating":1,"down":false,"leased":2,"memory":1234,"name":"q","paused":false,"ready":3,"size":6,)"
    R"("waiters":4},)"
    R"({"accumulating":1,"down":true,"home":"anna","leased":2,"memory":1234,"name":"r","paused":true,)"
    R"("ready":3,"size":6,"waiters":4}],"total":2})");
}

CAF_TEST(a name that is no text is told by its bytes) {
  auto q = some_report();
  q.name = "a\xff";
  auto shown = "\"name\":\"a\xef\xbf\xbd"
               "ff\"";
  CAF_CHECK(queues_json({{}, 1, {q}}).find(shown) != std::string::npos);
  CAF_CHECK(queue_json({{"a"}, {"a"}}, q).find(shown) != std::string::npos);
}

CAF_TEST(a queue is told with its properties and counts) {
  auto q = some_report();
  q.restarts = 1;
  q.counts.pushed = 10;
  q.counts.deleted = 3;
  q.counts.dead_lettered = 2;
  q.counts.redriven = 1;
  q.oldest_ready = 1500ms;
  CAF_CHECK_EQUAL(
    queue_json({{"a"}, {"a"}}, q),
    R"({"accumulating":1,"copies":["a"],"counts":{"acked":0,"dead_lettered":2,"deleted":3,"delivered":0,)"
    R"("discarded":0,"expired":0,"extended":0,"given_back":0,"handed_over":0,"joined":0,"nacked":0,)"
    R"("pushed":10,"received":0,"redriven":1,"settled_elsewhere":0},"down":false,"leased":2,"memory":1234,)"
    R"("name":"q",)"
    R"("oldest_ready":1.5,"paused":false,"props":{"accum":0,"retry":2,"timeout":30},"ready":3,)"
    R"("restarts":1,"size":6,"waiters":4})");
  q.oldest_ready.reset();
  q.nodes = {"a", "b"};
  auto text = queue_json({{"a"}, {"a"}}, q);
  CAF_CHECK(text.find(R"("copies":["a","b"])") != std::string::npos);
  CAF_CHECK(text.find(R"("oldest_ready":null)") != std::string::npos);
}

CAF_TEST(a message is told as text where it is text and else in base64) {
  CAF_CHECK_EQUAL(messages_json({}), R"({"messages":[]})");
  peeked_message text{{1, 2}, false, 2s, 1, 3, 5, 1, {part("hel\"o", 5)}};
  CAF_CHECK_EQUAL(
    messages_json({text}),
    R"({"messages":[{"age":2,"body":"hel\"o","content_type":"text/plain","headers":[["x-a","1"]],)"
    R"("deliveries":1,"id":")" +
      to_text(message_id{1, 2}) + R"(","retries_left":3,"size":5,"truncated":false,"type":"normal"}]})");
  peeked_message bytes{{1, 2}, false, 0s, 0, 2, 9, 1, {part("\xff\xfe", 9)}};
  auto told = messages_json({bytes});
  CAF_CHECK(told.find(R"("body_base64":"//4=")") != std::string::npos);
  CAF_CHECK(told.find(R"("body":)") == std::string::npos);
  CAF_CHECK(told.find(R"("truncated":true)") != std::string::npos);
}

CAF_TEST(a message that was not read is told without what is not known of it) {
  peeked_part unread;
  unread.body_bytes = 9;
  unread.unread = true;
  peeked_message large{{1, 2}, false, 0s, 0, 2, 9, 1, {unread}};
  CAF_CHECK_EQUAL(messages_json({large}), R"({"messages":[{"age":0,"deliveries":0,"id":")" +
                                            to_text(message_id{1, 2}) +
                                            R"(","retries_left":2,"size":9,"truncated":true,)"
                                            R"("type":"normal"}]})");
  peeked_message both{{1, 2}, true, 0s, 0, 2, 10, 2, {part("a", 1), unread}};
  auto told = messages_json({both});
  CAF_CHECK(told.find(R"("size":1,"truncated":false},{"size":9,"truncated":true}],"parts_total":2)") !=
            std::string::npos);
}

CAF_TEST(a compound is told with its parts) {
  peeked_message both{{1, 2}, true, 0s, 0, 2, 3, 3, {part("a", 1), part("b", 1)}};
  auto told = messages_json({both});
  CAF_CHECK(told.find(R"("parts":[{"body":"a",)") != std::string::npos);
  CAF_CHECK(told.find(R"("size":1,"truncated":false}],"parts_total":3)") != std::string::npos);
  CAF_CHECK(told.find(R"("truncated":true,"type":"compound")") != std::string::npos); // one is not shown
}

CAF_TEST(a purge tells how many) {
  CAF_CHECK_EQUAL(purged_json({12}), R"({"purged":12})");
}
