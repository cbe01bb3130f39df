// Requests out of bytes: what is kept of a head, framing, limits, and that the pace at which bytes come is no
// matter.
#define CAF_SUITE request_reader

#include "gateway/http/request_reader.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace std::string_literals;

namespace {

gateway_limits small_limits() {
  gateway_limits limits;
  limits.header_bytes_max = 512;
  limits.body_bytes_max = 100;
  limits.trace_state_bytes_max = 100;
  return limits;
}

/// A request read with one piece of body at a time.
struct reading {
  explicit reading(std::string bytes) : text(std::move(bytes)) {
    std::size_t searched = 0;
    head_bytes = find_head(text, searched);
    if (head_bytes == 0)
      CAF_FAIL("no head in it");
    refused = reader.read_head(std::string_view{text}.substr(0, head_bytes));
  }

  /// Feeds the rest, `step` bytes more each time. Returns the bytes that belong to another request.
  std::size_t feed(std::size_t step) {
    std::size_t at = head_bytes, seen = head_bytes;
    while (!refused && !reader.complete() && seen < text.size()) {
      seen = std::min(seen + step, text.size());
      std::size_t taken = 0;
      refused = reader.read_body(std::string_view{text}.substr(at, seen - at), taken);
      at += taken;
    }
    return text.size() - at;
  }

  std::string text;
  gateway_limits limits = small_limits();
  field_views fields;
  request_reader reader{limits, fields};
  std::size_t head_bytes = 0;
  std::optional<http_refusal> refused;
};

bool refused(std::string bytes, http_reason why) {
  reading r{std::move(bytes)};
  if (!r.refused)
    r.feed(1'000);
  return r.refused && r.refused->why == why;
}

const std::string host = "host: x\r\n";

} // namespace

CAF_TEST(a head ends with its empty line wherever the bytes are cut) {
  std::string bytes = "GET / HTTP/1.1\r\nhost: x\r\n\r\nbody\r\n\r\n";
  std::size_t searched = 0;
  for (std::size_t n = 0; n < 27; ++n)
    CAF_CHECK_EQUAL(find_head(std::string_view{bytes}.substr(0, n), searched), 0u);
  CAF_CHECK_EQUAL(find_head(bytes, searched), 27u);
}

CAF_TEST(of a head there is kept what is asked for) {
  reading r{
    "PATCH /a?b=c HTTP/1.1\r\nHost: x\r\nX-Request-ID: id-1\r\nContent-Type: text/plain; a=\"b\" \r\nX-Odd:\xff\r\n"
    "content-length: 0\r\n\r\n"};
  CAF_REQUIRE(!r.refused);
  const auto& head = r.reader.head();
  CAF_CHECK(head.method == http_method::patch);
  CAF_CHECK_EQUAL(std::string(head.target), "/a?b=c");
  CAF_CHECK_EQUAL(std::string(head.content_type), "text/plain; a=\"b\"");
  CAF_CHECK_EQUAL(std::string(head.request_id), "id-1");
  CAF_CHECK_EQUAL(r.fields.size(), 5u);
  CAF_CHECK_EQUAL(std::string(r.fields[3].first) + "=" + std::string(r.fields[3].second), "X-Odd=\xff");
  CAF_CHECK(r.reader.complete());
  CAF_CHECK(r.reader.keep_alive());
}

CAF_TEST(a target may hold raw what a URI must encode) {
  reading r{"GET /messages/^|{}[]\\\"\xc3\xbc\xff HTTP/1.1\r\n" + host + "\r\n"};
  CAF_REQUIRE(!r.refused);
  CAF_CHECK_EQUAL(std::string(r.reader.head().target), "/messages/^|{}[]\\\"\xc3\xbc\xff");
}

CAF_TEST(an odd request id is not kept) {
  for (auto id : {std::string(129, 'x'), std::string("a b"), std::string("\xff")}) {
    reading r{"GET / HTTP/1.1\r\n" + host + "x-request-id: " + id + "\r\n\r\n"};
    CAF_CHECK(!r.refused);
    CAF_CHECK_EQUAL(std::string(r.reader.head().request_id), "");
  }
}

CAF_TEST(an authorization is kept if it is the only one) {
  auto kept = [](const std::string& lines) {
    reading r{"GET / HTTP/1.1\r\n" + host + lines + "\r\n"};
    CAF_REQUIRE(!r.refused);
    return std::string(r.reader.head().authorization);
  };
  CAF_CHECK_EQUAL(kept(""), "");
  CAF_CHECK_EQUAL(kept("Authorization: Bearer a\r\n"), "Bearer a");
  CAF_CHECK_EQUAL(kept("authorization: Bearer a\r\nauthorization: Bearer b\r\n"), "");
  CAF_CHECK_EQUAL(kept("authorization: Bearer a\r\nauthorization: Bearer a\r\nauthorization: Bearer a\r\n"),
                  "");
}

CAF_TEST(keep alive is as the versions have it) {
  auto kept = [](const std::string& version, const std::string& connection) {
    return reading{"GET / HTTP/" + version + "\r\n" + host + connection + "\r\n"}.reader.keep_alive();
  };
  CAF_CHECK(kept("1.1", ""));
  CAF_CHECK(!kept("1.1", "connection: Close\r\n"));
  CAF_CHECK(!kept("1.0", ""));
  CAF_CHECK(kept("1.0", "connection: Keep-Alive\r\n"));
}

CAF_TEST(a body by its length is taken to its last byte and no further) {
  for (std::size_t step : {1u, 2u, 5u, 100u}) {
    reading r{"POST / HTTP/1.1\r\n" + host + "content-type: a/b\r\ncontent-length: 5\r\n\r\nhelloGET"};
    CAF_REQUIRE(!r.refused);
    r.reader.keep_as_payload();
    CAF_CHECK_EQUAL(r.feed(step), 3u);
    CAF_REQUIRE(r.reader.complete());
    auto body = r.reader.take_payload();
    CAF_CHECK_EQUAL(std::string(body.body()), "hello");
    CAF_CHECK_EQUAL(std::string(body.content_type()), "a/b");
  }
}

CAF_TEST(a chunked body is joined whatever way its bytes are cut) {
  for (std::size_t step = 1; step < 60; ++step) {
    reading r{
      "POST / HTTP/1.1\r\n" + host +
      "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\nx-trailer: 1\r\n\r\nGET"};
    CAF_REQUIRE(!r.refused);
    CAF_CHECK(!r.reader.body_bytes_left());
    r.reader.keep_as_text(100);
    CAF_CHECK_EQUAL(r.feed(step), 3u);
    CAF_REQUIRE(!r.refused && r.reader.complete());
    CAF_CHECK_EQUAL(r.reader.take_text(), "hello, world");
  }
}

CAF_TEST(an empty body is a body) {
  for (auto framing : {"", "content-length: 0\r\n", "transfer-encoding: chunked\r\n\r\n0\r\n"}) {
    reading r{"POST / HTTP/1.1\r\n" + host + framing + "\r\n"};
    CAF_REQUIRE(!r.refused);
    r.reader.keep_as_payload();
    r.feed(1);
    CAF_REQUIRE(r.reader.complete());
    CAF_CHECK_EQUAL(r.reader.take_payload().body().size(), 0u);
  }
}

CAF_TEST(a body that nobody wants is passed over) {
  reading r{"GET / HTTP/1.1\r\n" + host + "content-length: 5\r\n\r\nhello"};
  CAF_CHECK_EQUAL(r.feed(2), 0u);
  CAF_CHECK(r.reader.complete());
}

CAF_TEST(a client waits for a word only if it says so and has a body) {
  auto waits = [](const std::string& fields) {
    return reading{"POST / HTTP/1.1\r\n" + host + fields + "\r\n"}.reader.head().expects_continue;
  };
  CAF_CHECK(waits("expect: 100-Continue\r\ncontent-length: 4\r\n"));
  CAF_CHECK(!waits("expect: 100-continue\r\ncontent-length: 0\r\n"));
  CAF_CHECK(!waits("expect: something\r\ncontent-length: 4\r\n"));
  CAF_CHECK(!waits("content-length: 4\r\n"));
}

CAF_TEST(a body over the limit is refused before or while it comes) {
  auto post = "POST / HTTP/1.1\r\n" + host;
  CAF_CHECK(refused(post + "content-length: 101\r\n\r\n", http_reason::body_too_large));
  CAF_CHECK(!reading{post + "content-length: 100\r\n\r\n"}.refused);
  CAF_CHECK(refused(post + "content-length: 18446744073709551615\r\n\r\n", http_reason::body_too_large));
  CAF_CHECK(refused(post + "transfer-encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x'),
                    http_reason::body_too_large));
  CAF_CHECK(refused(post + "transfer-encoding: chunked\r\n\r\n32\r\n" + std::string(50, 'x') + "\r\n33\r\n" +
                      std::string(51, 'x') + "\r\n0\r\n\r\n",
                    http_reason::body_too_large));
}

CAF_TEST(a text has a limit of its own) {
  reading announced{"PUT / HTTP/1.1\r\n" + host + "content-length: 50\r\n\r\nx"};
  announced.reader.keep_as_text(49);
  announced.feed(1);
  CAF_CHECK(announced.refused && announced.refused->why == http_reason::body_too_large);
  reading chunked{"PUT / HTTP/1.1\r\n" + host + "transfer-encoding: chunked\r\n\r\n32\r\n" +
                  std::string(50, 'x') + "\r\n0\r\n\r\n"};
  chunked.reader.keep_as_text(49);
  chunked.feed(1);
  CAF_CHECK(chunked.refused && chunked.refused->why == http_reason::body_too_large);
}

CAF_TEST(framing that can be read in two ways is refused) {
  auto post = "POST / HTTP/1.1\r\n" + host;
  for (auto* fields :
       {"content-length: 5\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 5\r\n", "content-length: 5\r\ncontent-length: 6\r\n",
        "content-length: -1\r\n", "content-length: x\r\n", "content-length: \r\n",
        "content-length: 99999999999999999999\r\n", "transfer-encoding: gzip\r\n",
        "transfer-encoding: chunked, gzip\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", "transfer-encoding: identity\r\n"})
    CAF_CHECK(refused(post + fields + "\r\n", http_reason::bad_request));
  CAF_CHECK(refused("POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n", http_reason::bad_request));
  CAF_CHECK(refused(post + "transfer-encoding: chunked\r\n\r\nzz\r\n", http_reason::bad_request));
}

CAF_TEST(one host is asked for and none by the older version) {
  CAF_CHECK(refused("GET / HTTP/1.1\r\n\r\n", http_reason::bad_request));
  CAF_CHECK(refused("GET / HTTP/1.1\r\n" + host + host + "\r\n", http_reason::bad_request));
  CAF_CHECK(!reading{"GET / HTTP/1.0\r\n\r\n"}.refused);
  CAF_CHECK(reading{"GET / HTTP/1.0\r\n\r\n"}.reader.head().http_1_0);
}

CAF_TEST(junk is refused) {
  for (auto* bytes :
       {"GET\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET / FTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nhost x\r\n\r\n",
        "GET / HTTP/1.1\r\nho st: x\r\n\r\n", "GET /\x01 HTTP/1.1\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\nhost: x\r\n\r\n", "GET / HTTP/1.1\r\nhost: x\x01\r\n\r\n"})
    CAF_CHECK(refused(bytes, http_reason::bad_request));
}

CAF_TEST(a folded field is refused) {
  CAF_CHECK(refused("GET / HTTP/1.1\r\n" + host + "x-a: b\r\n c\r\n\r\n", http_reason::bad_request));
}

CAF_TEST(a trace is known by the form of its parent) {
  const std::string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  auto read = [](const std::string& parent_field, const std::string& state = "") {
    reading r{"POST /a HTTP/1.1\r\nhost: x\r\nTraceParent: " + parent_field + "\r\n" +
              (state.empty() ? "" : "tracestate: " + state + "\r\n") + "\r\n"};
    CAF_REQUIRE(!r.refused);
    const auto& trace = r.reader.head().trace;
    return std::pair{std::string{trace.parent}, std::string{trace.state}};
  };
  CAF_CHECK(read(parent, "a=1,b=2") == std::pair(parent, std::string{"a=1,b=2"}));
  CAF_CHECK_EQUAL(read("01" + parent.substr(2) + "-more").first, "01" + parent.substr(2) + "-more");
  for (const auto& odd :
       {"ff" + parent.substr(2), parent + "-more", parent + "0", parent.substr(1), std::string{"00-x"},
        "00-" + std::string(32, '0') + parent.substr(35), parent.substr(0, 36) + std::string(16, '0') + "-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"s})
    CAF_CHECK_EQUAL(read(odd).first, ""s);
  CAF_CHECK_EQUAL(read(parent, std::string(101, 'a')).second, ""s);
  CAF_MESSAGE("of several there is none");
  CAF_CHECK_EQUAL(read(parent + "\r\ntraceparent: " + parent).first, ""s);
  CAF_CHECK_EQUAL(read("made up\r\ntraceparent: " + parent).first, ""s);
  CAF_CHECK_EQUAL(read(parent, "a=1\r\ntracestate: b=2").second, ""s);
}
