// Where a client command goes, and a queue's name on the way there.
#define CAF_SUITE url

#include <caf/test/unit_test.hpp>

#include "apps/client/request.hpp"

using namespace lmq;
using namespace lmq::client;

CAF_TEST(a url is a host a port and a prefix) {
  CAF_CHECK(parse_server_url("http://127.0.0.1:9980") == (server_url{{"127.0.0.1", 9980}, ""}));
  CAF_CHECK(parse_server_url("http://127.0.0.1:9980/") == (server_url{{"127.0.0.1", 9980}, ""}));
  CAF_CHECK(parse_server_url("http://queue.example") == (server_url{{"queue.example", 80}, ""}));
  CAF_CHECK(parse_server_url("http://queue.example/lmq/") == (server_url{{"queue.example", 80}, "/lmq"}));
  CAF_CHECK(parse_server_url("http://[::1]:9980/a/b") == (server_url{{"::1", 9980}, "/a/b"}));
  CAF_CHECK(parse_server_url("https://a:9980/x") == (server_url{{"a", 9980}, "/x", true}));
  CAF_CHECK(parse_server_url("https://[::1]") == (server_url{{"::1", 443}, "", true}));
  CAF_CHECK(parse_server_url("http://[::1]") == (server_url{{"::1", 80}, ""}));
}

CAF_TEST(what is no url is refused with an example) {
  for (auto text : {"", "localhost:9980", "https:/localhost", "ftp://a", "http://", "https://", "http://:80",
                    "http://a:0", "http://a:x", "http://a?b", "http://user@a", "http://a/#b"}) {
    auto url = parse_server_url(text);
    CAF_REQUIRE(!url);
    CAF_CHECK(url.error().find("http://127.0.0.1:9980") != std::string::npos);
  }
}

CAF_TEST(a url is shown as it is written) {
  for (auto text : {"http://127.0.0.1:9980", "https://[::1]:443/a"})
    CAF_CHECK_EQUAL(to_text(parse_server_url(text).value()), text);
}

CAF_TEST(a token can not break a header) {
  CAF_CHECK(parse_token("a-b._~+/=") == std::string{"a-b._~+/="});
  for (auto text : {"a b", "a\r\nx: y", "a\n", "\xc3\xbc"})
    CAF_CHECK(!parse_token(text));
  CAF_CHECK(parse_token("secret token").error().find("secret") == std::string::npos);
}

CAF_TEST(a content type can not break a header) {
  CAF_CHECK(parse_content_type("text/plain; charset=\"\xc3\xbc\"") ==
            std::string{"text/plain; charset=\"\xc3\xbc\""});
  CAF_CHECK(parse_content_type("") == std::string{});
  for (auto text : {"text/plain\r\ncontent-length: 0", "a\n", "\r", "a\tb", "a\x7f"})
    CAF_CHECK(!parse_content_type(text));
}

CAF_TEST(a url can not break the line of a request) {
  for (auto text :
       {"http://a/ HTTP/1.1\r\nx: y", "http://a/b c", "http://a/\n", "http://a\r\n:80", "http://a/\xff"}) {
    auto url = parse_server_url(text);
    CAF_REQUIRE(!url);
    CAF_CHECK(url.error().find('\n') == std::string::npos);
    CAF_CHECK(url.error().find("http://127.0.0.1:9980") != std::string::npos);
  }
}

CAF_TEST(a name is percent encoded byte by byte) {
  CAF_CHECK_EQUAL(percent_encoded("aZ0-._~"), "aZ0-._~");
  CAF_CHECK_EQUAL(percent_encoded("a/b c+d?e#f%"), "a%2Fb%20c%2Bd%3Fe%23f%25");
  CAF_CHECK_EQUAL(percent_encoded("\xc3\xa4"), "%C3%A4");
}
