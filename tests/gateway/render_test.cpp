// Responses as bytes.
#define CAF_SUITE render

#include "gateway/http/compound.hpp"
#include "gateway/http/http_date.hpp"
#include "gateway/http/openapi.hpp"
#include "gateway/http/render.hpp"
#include "tests/gateway/outbox_text.hpp"

#include <array>
#include <caf/test/unit_test.hpp>
#include <msgpack/unpack.hpp>
#include <nlohmann/json.hpp>
#include <set>
#include <type_traits>

using namespace lmq;
using lmq::test::text_of;

namespace {

const lease_id lease{{1, 2}, 3};
const auto queue = std::make_shared<const std::string>("q \xff");

template <class What>
std::string rendered(What what, response_frame frame = {}) {
  using kind = std::conditional_t<std::is_constructible_v<answer, What>, answer, local_answer>;
  frame.date = "D";
  outbox out;
  auto status = render(out, kind{std::move(what)}, frame);
  auto text = text_of(out);
  if (!text.starts_with("HTTP/1.1 " + std::to_string(status) + " "))
    CAF_FAIL("another status than " << status << ": " << text);
  return text;
}

message some_message(std::string_view type, std::string_view body, header_list preserved = {}) {
  message m{payload::copy_of(type, body), nullptr};
  if (!preserved.empty())
    m.preserved = std::make_shared<const header_list>(std::move(preserved));
  return m;
}

delivered some_compound(std::vector<message> messages) {
  compound parts;
  for (auto& m : messages)
    parts.push_back({{1, parts.size() + 2}, std::move(m)});
  return {queue, {lease, std::make_shared<const compound>(std::move(parts)), 0, {}}};
}

/// What stands behind the empty line, if content-length says so, too.
std::string body_of(const std::string& response) {
  auto end = response.find("\r\n\r\n") + 4;
  auto body = response.substr(end);
  if (response.substr(0, end).find("content-length: " + std::to_string(body.size()) + "\r\n") ==
      std::string::npos)
    CAF_FAIL("another content-length: " << response);
  return body;
}

} // namespace

CAF_TEST(a push is answered with its outcome) {
  CAF_CHECK_EQUAL(rendered(push_outcome::stored),
                  "HTTP/1.1 200 OK\r\ndate: D\r\ncontent-type: application/json\r\ncontent-length: 14\r\n\r\n"
                  R"({"accum":"no"})");
  CAF_CHECK_EQUAL(body_of(rendered(push_outcome::opened)), R"({"accum":"new"})");
  CAF_CHECK_EQUAL(body_of(rendered(push_outcome::joined)), R"({"accum":"yes"})");
}

CAF_TEST(a push to many is answered with an object in the order given) {
  CAF_CHECK_EQUAL(body_of(rendered(push_outcomes{})), "{}");
  CAF_CHECK_EQUAL(
    body_of(rendered(push_outcomes{{"a\"", push_outcome::stored}, {"b", push_outcome::opened}})),
    R"({"a\"":{"accum":"no"},"b":{"accum":"new"}})");
}

CAF_TEST(an answer without content speaks of none) {
  CAF_CHECK_EQUAL(rendered(nothing{}), "HTTP/1.1 204 No Content\r\ndate: D\r\n\r\n");
  CAF_CHECK_EQUAL(rendered(route_methods{"GET, OPTIONS"}),
                  "HTTP/1.1 204 No Content\r\ndate: D\r\nallow: GET, OPTIONS\r\n\r\n");
}

CAF_TEST(a refusal has its status and word and sentence) {
  CAF_CHECK_EQUAL(
    rendered(http_refusal{http_reason::bad_name, "too \"long\""}),
    "HTTP/1.1 400 Bad Request\r\ndate: D\r\ncontent-type: application/json\r\ncontent-length: 45\r\n\r\n"
    R"({"error":"bad_name","message":"too \"long\""})");
  auto not_allowed = rendered(http_refusal{http_reason::method_not_allowed, "no", "GET"});
  CAF_CHECK(not_allowed.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"));
  CAF_CHECK(not_allowed.find("\r\nallow: GET\r\n") != std::string::npos);
}

CAF_TEST(a refusal of the broker is worded as one of HTTP) {
  CAF_CHECK(rendered(refusal{reason::no_such_lease, "gone"}).starts_with("HTTP/1.1 404 Not Found\r\n"));
  CAF_CHECK_EQUAL(body_of(rendered(refusal{reason::over_limit, "full"})),
                  R"({"error":"over_limit","message":"full"})");
}

CAF_TEST(a full queue is refused with the time after which to try again) {
  auto refused = rendered(refusal{reason::queue_full, "full"});
  CAF_CHECK(refused.starts_with("HTTP/1.1 429 Too Many Requests\r\n"));
  CAF_CHECK(refused.find("\r\nretry-after: 1\r\n") != std::string::npos);
  CAF_CHECK_EQUAL(body_of(refused), R"({"error":"queue_full","message":"full"})");
}

CAF_TEST(only what may pass in a moment says when to come back) {
  const std::set<http_reason> passing{http_reason::queue_full, http_reason::unavailable,
                                      http_reason::too_many_connections, http_reason::no_space};
  for (auto number = 0; number <= static_cast<int>(http_reason::forbidden); ++number) {
    auto why = static_cast<http_reason>(number);
    auto says = rendered(http_refusal{why, "no"}).find("\r\nretry-after: 1\r\n") != std::string::npos;
    if (says != passing.contains(why))
      CAF_ERROR("reason " << wording_of(why).word);
    auto status = wording_of(why).status;
    CAF_CHECK(says || (status != 429 && status != 503));
  }
}

CAF_TEST(every reason has a status line) {
  for (auto why = 0; why <= static_cast<int>(http_reason::forbidden); ++why) {
    auto status = wording_of(static_cast<http_reason>(why)).status;
    CAF_CHECK(status_line(status).starts_with("HTTP/1.1 " + std::to_string(status) + " "));
  }
}

CAF_TEST(the connection and the request id are spoken of where there is something to say) {
  CAF_CHECK(rendered(nothing{}, {.keep_alive = false}).find("\r\nconnection: close\r\n") !=
            std::string::npos);
  CAF_CHECK(rendered(nothing{}, {.http_1_0 = true}).find("\r\nconnection: keep-alive\r\n") !=
            std::string::npos);
  CAF_CHECK(rendered(nothing{}, {.request_id = "i-1"}).find("\r\nx-request-id: i-1\r\n") !=
            std::string::npos);
}

CAF_TEST(the answer to head has the head alone) {
  auto whole = rendered(std::vector<rule>{});
  auto head = rendered(std::vector<rule>{}, {.head = true});
  CAF_CHECK_EQUAL(whole, head + "[]");
  CAF_CHECK(head.find("content-length: 2\r\n") != std::string::npos);
}

CAF_TEST(a large document is sent whole) {
  std::string pattern(100'000, 'x');
  CAF_CHECK(body_of(rendered(std::vector<rule>{{pattern, {}}})) == "[[\"" + pattern + "\",{}]]");
}

CAF_TEST(a delivery tells its queue and lease and retries) {
  auto m = some_message("text/plain", "body", {{"x-a", "1"}, {"x-b", "2"}});
  CAF_CHECK_EQUAL(
    rendered(delivered{queue, {lease, m, 5, {}}}),
    "HTTP/1.1 200 OK\r\ndate: D\r\ncontent-type: text/plain\r\ncontent-length: 4\r\nx-lmq-queue-name: q \xff"
    "\r\nx-lmq-message-id: " +
      to_text(lease) +
      "\r\nx-lmq-message-type: normal\r\nx-lmq-retry-remaining: 5\r\nx-a: 1\r\nx-b: 2\r\n\r\nbody");
}

CAF_TEST(a message without a type is octets) {
  CAF_CHECK(rendered(delivered{queue, {lease, some_message("", "x"), 0, {}}})
              .find("\r\ncontent-type: application/octet-stream\r\n") != std::string::npos);
}

CAF_TEST(a preserved header never says anything about the response itself) {
  auto m = some_message("a/b", "body",
                        {{"content-length", "999"},
                         {"transfer-encoding", "chunked"},
                         {"connection", "close"},
                         {"content-type", "c/d"},
                         {"x-lmq-message-id", "stolen"},
                         {"user-agent", "kept"}});
  auto response = rendered(delivered{queue, {lease, m, 0, {}}});
  for (auto* foreign : {"999", "chunked", "close", "c/d", "stolen"})
    CAF_CHECK(response.find(foreign) == std::string::npos);
  CAF_CHECK(response.find("user-agent: kept") != std::string::npos);
  CAF_CHECK_EQUAL(body_of(response), "body");
}

CAF_TEST(a compound as multipart is as the contract draws it) {
  std::vector<message> messages{some_message("text/plain", "one", {{"x-a", "1"}}), some_message("", "")};
  auto response = rendered(some_compound(messages));
  auto id = to_text(lease);
  CAF_CHECK(response.find("\r\ncontent-type: multipart/mixed; boundary=" + id + "\r\n") != std::string::npos);
  CAF_CHECK(response.find("\r\nx-lmq-message-type: compound\r\n") != std::string::npos);
  CAF_CHECK_EQUAL(body_of(response),
                  "\r\n--" + id +
                    "\r\ncontent-type: text/plain\r\nx-a: 1\r\ncontent-transfer-encoding: binary\r\n\r\n"
                    "one\r\n--" +
                    id +
                    "\r\ncontent-type: application/octet-stream\r\n"
                    "content-transfer-encoding: binary\r\n\r\n\r\n--" +
                    id + "--\r\n");
}

CAF_TEST(a compound as MessagePack has str headers and bin bodies of every size) {
  std::vector<message> messages;
  for (std::size_t bytes : {0u, 31u, 32u, 255u, 256u, 65'535u, 65'536u})
    messages.push_back(some_message("a/b", std::string(bytes, 'x'), {{"x-a", std::string(40, 'v')}}));
  auto response = rendered(some_compound(messages), {.format = compound_format::msgpack});
  CAF_CHECK(response.find("\r\ncontent-type: application/x-msgpack\r\n") != std::string::npos);
  auto body = body_of(response);
  auto whole = msgpack::unpack(body.data(), body.size());
  const auto& list = whole.get();
  CAF_REQUIRE(list.type == msgpack::type::ARRAY && list.via.array.size == messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const auto& pair = list.via.array.ptr[i];
    CAF_REQUIRE(pair.type == msgpack::type::ARRAY && pair.via.array.size == 2);
    const auto& headers = pair.via.array.ptr[0];
    CAF_REQUIRE(headers.type == msgpack::type::MAP && headers.via.map.size == 2);
    for (std::uint32_t k = 0; k < 2; ++k) {
      CAF_CHECK(headers.via.map.ptr[k].key.type == msgpack::type::STR);
      CAF_CHECK(headers.via.map.ptr[k].val.type == msgpack::type::STR);
    }
    const auto& content = pair.via.array.ptr[1];
    CAF_REQUIRE(content.type == msgpack::type::BIN);
    CAF_CHECK((std::string_view{content.via.bin.ptr, content.via.bin.size} == messages[i].content.body()));
  }
}

CAF_TEST(the bodies of a compound are not copied) {
  auto m = some_message("", std::string(outbox::copied_bytes_max + 1, 'x'));
  for (auto format : {compound_format::multipart, compound_format::msgpack}) {
    outbox out;
    render(out, answer{some_compound({m})}, {.format = format});
    std::array<std::string_view, 8> pieces;
    auto n = out.pieces(pieces);
    CAF_CHECK_EQUAL(n, format == compound_format::multipart ? 3u : 2u);
    CAF_CHECK(pieces[1].data() == m.content.body().data());
  }
}

CAF_TEST(the description of the API is served as it is written) {
  auto response = rendered(openapi_document{});
  auto described = nlohmann::json::parse(body_of(response));
  CAF_CHECK_EQUAL(described["openapi"].get<std::string>(), "3.1.0");
  for (auto* path : {"/messages/{name}",
                     "/messages",
                     "/messages/{name}/{id}",
                     "/queues/{name}",
                     "/properties",
                     "/properties/{name}",
                     "/queues",
                     "/queues/{name}/messages",
                     "/queues/{name}/messages/{id}",
                     "/queues/{name}/purge",
                     "/queues/{name}/pause",
                     "/queues/{name}/resume",
                     "/queues/{name}/redrive",
                     "/queues/{name}/revive",
                     "/health",
                     "/stats",
                     "/metrics",
                     "/openapi.json",
                     "/cluster",
                     "/cluster/join",
                     "/cluster/leave",
                     "/cluster/members/{member}",
                     "/backup"})
    CAF_CHECK(described["paths"].contains(path));
  auto words = described["components"]["schemas"]["refusal"]["properties"]["error"]["enum"];
  CAF_CHECK_EQUAL(words.size(), static_cast<std::size_t>(http_reason::forbidden) + 1);
  for (auto why = 0; why <= static_cast<int>(http_reason::forbidden); ++why) {
    CAF_CHECK(std::find(words.begin(), words.end(), wording_of(static_cast<http_reason>(why)).word) !=
              words.end());
  }
}

CAF_TEST(dates are in the one form of HTTP) {
  auto text = [](std::int64_t at) {
    auto date = format_http_date(std::chrono::sys_seconds{std::chrono::seconds{at}});
    return std::string(date.data(), date.size());
  };
  CAF_CHECK_EQUAL(text(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  CAF_CHECK_EQUAL(text(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  CAF_CHECK_EQUAL(text(1709251199), "Thu, 29 Feb 2024 23:59:59 GMT");
}
