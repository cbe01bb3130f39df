// What a peek shows of messages, however large they are.
#define CAF_SUITE queue_order

#include "core/queue_order.hpp"
#include "core/utf8.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;

namespace {

message with_body(std::string_view body) {
  return {payload::copy_of("text/plain", body), nullptr};
}

peeked_message peeked(parcel content) {
  return shown({{1, 2}, std::move(content), {}, 3, 4});
}

constexpr auto most = peek_limits::body_bytes_max;

} // namespace

CAF_TEST(a small message is shown whole) {
  auto m = with_body("hello");
  m.preserved = std::make_shared<const header_list>(header_list{{"x-a", "1"}});
  auto p = peeked(m);
  CAF_CHECK(!p.compound);
  CAF_CHECK_EQUAL(p.deliveries, 3u);
  CAF_CHECK_EQUAL(p.retries_left, 4u);
  CAF_CHECK_EQUAL(p.body_bytes, 5u);
  CAF_REQUIRE_EQUAL(p.parts.size(), 1u);
  CAF_CHECK_EQUAL(p.parts[0].body, "hello");
  CAF_CHECK_EQUAL(p.parts[0].content_type, "text/plain");
  CAF_CHECK(p.parts[0].preserved == *m.preserved);
  CAF_CHECK(!p.parts[0].truncated());
}

CAF_TEST(a large body is cut and says how large it is) {
  CAF_CHECK(!peeked(with_body(std::string(most, 'x'))).parts[0].truncated());
  auto p = peeked(with_body(std::string(most + 1, 'x')));
  CAF_CHECK_EQUAL(p.parts[0].body.size(), most);
  CAF_CHECK_EQUAL(p.body_bytes, most + 1);
  CAF_CHECK(p.parts[0].truncated());
}

CAF_TEST(a text is cut between its characters) {
  for (std::string_view character : {"\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"})
    for (std::size_t ahead = 0; ahead < 4; ++ahead) {
      std::string text(ahead, 'x');
      while (text.size() <= most)
        text += character;
      auto p = peeked(with_body(text));
      CAF_CHECK(is_utf8(p.parts[0].body));
      CAF_CHECK_LESS(most - p.parts[0].body.size(), character.size());
    }
}

CAF_TEST(what is no text is cut anywhere) {
  CAF_CHECK_EQUAL(peeked(with_body(std::string(2 * most, '\x80'))).parts[0].body.size(), most);
}

CAF_TEST(the parts of a compound share what is shown) {
  compound parts;
  for (std::uint64_t i = 0; i < peek_limits::parts_max + 5; ++i)
    parts.push_back({{1, i}, with_body(std::string(most / 2, 'x'))});
  auto p = peeked(std::make_shared<const compound>(parts));
  CAF_CHECK(p.compound);
  CAF_CHECK_EQUAL(p.body_bytes, p.parts_total * (most / 2));
  CAF_REQUIRE_EQUAL(p.parts.size(), 2u);
  CAF_CHECK(!p.parts[0].truncated());
  CAF_CHECK(p.parts[1].truncated()); // by what its content type took
}

CAF_TEST(of many small parts the first are shown) {
  compound parts;
  for (std::uint64_t i = 0; i < peek_limits::parts_max + 5; ++i)
    parts.push_back({{1, i}, with_body("x")});
  auto p = peeked(std::make_shared<const compound>(parts));
  CAF_CHECK_EQUAL(p.parts_total, peek_limits::parts_max + 5);
  CAF_CHECK_EQUAL(p.parts.size(), peek_limits::parts_max);
}
