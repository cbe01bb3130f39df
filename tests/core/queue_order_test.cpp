// What a peek shows of messages, however large they are.
#define CAF_SUITE queue_order

#include "core/queue_order.hpp"
#include "core/utf8.hpp"

#include <caf/test/unit_test.hpp>
#include <map>

using namespace lmq;

namespace {

message with_body(std::string_view body) {
  return {payload::copy_of("text/plain", body), nullptr};
}

peeked_message peeked(parcel content) {
  read_allowance allowed;
  auto nothing_is_away = [](message_id) -> std::optional<message> { CAF_FAIL("a message was read"); };
  return shown({{1, 2}, std::move(content), {}, 3, 4}, nothing_is_away, allowed).value();
}

/// A queue whose messages are on the disk, which remembers what was read of it.
struct disk {
  std::map<message_id, message> there;
  std::vector<message_id> reads;
  read_allowance allowed{};

  message put(message_id id, std::size_t body_bytes) {
    return put_away(there[id] = with_body(std::string(body_bytes, 'x')));
  }

  std::optional<peeked_message> look(message_id id, parcel content) {
    auto read = [this](message_id which) {
      reads.push_back(which);
      auto it = there.find(which);
      return it == there.end() ? std::nullopt : std::optional{it->second};
    };
    return shown({id, std::move(content), {}, 3, 4}, read, allowed);
  }

  peeked_message look_at(std::uint64_t n, std::size_t body_bytes) {
    message_id id{1, n};
    return look(id, put(id, body_bytes)).value();
  }
};

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

// -- what is on the disk only

CAF_TEST(what is on the disk is read and shown as what is in memory) {
  disk d;
  auto p = d.look_at(1, 5);
  CAF_CHECK_EQUAL(p.body_bytes, 5u);
  CAF_CHECK_EQUAL(p.parts.at(0).body, "xxxxx");
  CAF_CHECK_EQUAL(p.parts.at(0).content_type, "text/plain");
  CAF_CHECK(!p.parts.at(0).truncated());
}

CAF_TEST(no more is read than one look may and what is not read tells how large it is) {
  disk d;
  constexpr auto third = peek_limits::read_bytes_max / 3;
  for (std::uint64_t n = 1; n <= 4; ++n) {
    auto p = d.look_at(n, third);
    const auto& part = p.parts.at(0);
    CAF_CHECK_EQUAL(p.body_bytes, third);
    CAF_CHECK_EQUAL(part.body_bytes, third);
    CAF_CHECK(part.truncated());
    CAF_CHECK_EQUAL(part.unread, n > 2); // with what is beside its body the third is too much
    CAF_CHECK_EQUAL(part.body.size(), n > 2 ? 0u : most);
  }
  auto small = d.look_at(5, 10);
  CAF_CHECK(!small.parts.at(0).unread);
  CAF_CHECK((d.reads == std::vector<message_id>{{1, 1}, {1, 2}, {1, 5}}));
}

CAF_TEST(the first is read however large it is and no second beside it) {
  disk d;
  CAF_CHECK(!d.look_at(1, peek_limits::read_bytes_max + 1).parts.at(0).unread);
  CAF_CHECK(d.look_at(2, 1).parts.at(0).unread);
  disk other;
  CAF_CHECK(other.look({1, 9}, with_body("in memory")).has_value());
  CAF_CHECK(other.look_at(1, peek_limits::read_bytes_max + 1).parts.at(0).unread);
}

CAF_TEST(many small reads are bounded as well) {
  disk d;
  std::uint64_t n = 0;
  while (!d.look_at(++n, 1).parts.at(0).unread) {
  }
  CAF_CHECK_EQUAL(d.reads.size(), peek_limits::read_bytes_max / peek_limits::read_bytes_min);
}

CAF_TEST(parts of a compound are read one by one and only those that are shown) {
  disk d;
  compound parts;
  for (std::uint64_t n = 1; n <= peek_limits::parts_max + 5; ++n)
    parts.push_back({{1, n}, d.put({1, n}, 10)});
  auto p = d.look({2, 1}, std::make_shared<const compound>(parts));
  CAF_REQUIRE(p.has_value());
  CAF_CHECK_EQUAL(p->body_bytes, 10 * (peek_limits::parts_max + 5));
  CAF_CHECK_EQUAL(d.reads.size(), peek_limits::parts_max);
  parts.assign({{{3, 1}, d.put({3, 1}, 10)}, {{3, 2}, d.put({3, 2}, peek_limits::read_bytes_max)}});
  p = d.look({2, 2}, std::make_shared<const compound>(parts));
  CAF_REQUIRE_EQUAL(p->parts.size(), 2u);
  CAF_CHECK(!p->parts[0].unread);
  CAF_CHECK(p->parts[1].unread);
  CAF_CHECK_EQUAL(p->body_bytes, peek_limits::read_bytes_max + 10);
}

CAF_TEST(what is settled meanwhile is not shown) {
  disk d;
  auto away = d.put({1, 1}, 10);
  d.there.clear();
  CAF_CHECK(!d.look({1, 1}, away).has_value());
}
