// The codec: what is written is read again, and nothing else is.
#define CAF_SUITE codec

#include "cluster/codec.hpp"

#include <caf/test/unit_test.hpp>

#include <msgpack.hpp>
#include <random>
#include <set>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

message_id id(std::uint64_t counter) {
  return {0xfedcba9876543210, counter};
}

message text(std::string_view body) {
  message m{payload::copy_of("text/plain", body), nullptr};
  m.preserved = std::make_shared<const header_list>(header_list{{"x-a", "1"}, {"x-b", ""}});
  return m;
}

unit_record record() {
  return {id(1), {3, 2, true, home_tag{7}, 1500ms}, true, 20ms, {id(2), id(3)}, {id(2), id(3), id(4)}};
}

delivery compound_delivery() {
  compound parts{{id(1), text("one")}, {id(2), text("two")}};
  return {{id(9), 4, home_tag{5}}, std::make_shared<const compound>(parts), 3, 250ms};
}

/// At least one of each alternative.
std::vector<cluster_message> all_messages() {
  id_set context;
  context.add(5, {1, 100});
  context.add(7, {3, 3});
  queue_metadata q{true, {1, 2}, {}, {}};
  q.own.accum = 1s;
  q.own.hooks.emplace()["push"] = {{"a_hook", {}}};
  q.of_own[2] = {9, 9};
  q.own.max_messages = 5;
  q.own.max_bytes = 1'000'000'000'000'000;
  q.of_own[5] = {9, 9};
  q.own.paused = true;
  q.own.dead_letter = "dead";
  q.of_own[6] = {9, 9};
  property_set set;
  set.retry = 3;
  view v{{4, 5}, {{"anna", 1}, {"bert", 2}}, {{"anna", 1}}};
  std::vector<fact> facts{facts::put{id(1), text("body"), 5, window_place{id(2), 30ms}},
                          facts::put{id(1), {}, 0, std::nullopt},
                          facts::closed{id(2), 5, {id(1), id(3)}},
                          facts::leased{id(2), 1, home_tag{8}, 30s},
                          facts::ended{id(2), 4, true, true, 1, home_tag{8}},
                          facts::settled{{id(1), id(3)}, facts::settled::cause::discard}};
  std::vector<cluster_message> all{
    says::recorded{"queue", facts},
    says::changed{{"queue", q, {}, {}}},
    says::changed{{"", {}, {{"a.*", set}}, {3, 4}}},
    says::propose{v},
    says::flushed{{4, 5}},
    says::summary{{4, 5}, context, {{"queue", 3, 0xffffffffffffffff}}, 77},
    says::holds{{4, 5}, "queue", {record(), unit_record{id(8), {}, false, {}, {}, {}}}},
    says::compared{{4, 5}, true, context, true},
    says::moved{"queue", {record()}, {{id(2), text(std::string(3000, 'x'))}}},
    says::complete{{4, 5}},
    says::forget{12},
    says::farewell{}};
  for (question what : std::vector<question>{
         asked::push{id(1), text("body")}, asked::pull{std::nullopt}, asked::pull{3s},
         asked::settle{{id(1), 2, home_tag{3}}, 1, true}, asked::give_back{{id(1), 2, home_tag{3}}},
         asked::report{}, asked::order{orders::peek{7}, false}, asked::order{orders::purge{}, true},
         asked::order{orders::remove{id(3)}, true}, asked::redrive{100}})
    all.emplace_back(says::ask{11, "queue", std::move(what), 5});
  for (reply what : std::vector<reply>{
         answered::pushed{2}, answered::nothing{}, answered::delivered{"queue", compound_delivery()},
         answered::delivered{"queue", {{id(1), 1, home_tag{}}, text("body"), 0, {}}},
         answered::refused{3, "why"}, answered::not_home{}, answered::reported{"report"},
         answered::ordered{peeked_messages{
           {id(4), true, 3s, 1, 2, 9, 5, {{"a/b", {{"x", "y"}}, 9, "body"}, {"", {}, 9, "", true}}}}},
         answered::ordered{purged{77}}, answered::ordered{removed{}}, answered::redriven{17}})
    all.emplace_back(says::tell{11, std::move(what)});
  return all;
}

heartbeat beat() {
  heartbeat b;
  b.unwritten_bytes = 60UL << 20;
  b.linked = {{"anna", 1}, {"bert", 2}};
  b.in_step = {{"bert", 2}};
  b.leader = "bert";
  b.view = {3, 4};
  b.serving = {3, 4};
  b.leaving = true;
  b.clock = 99;
  b.withdrawn = true;
  return b;
}

/// The same with one more field at the end of the struct: [kind, [fields …, more]].
std::string with_one_more(const std::string& bytes) {
  auto handle = msgpack::unpack(bytes.data(), bytes.size());
  auto o = handle.get();
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> pack{buffer};
  pack.pack_array(2);
  pack.pack(o.via.array.ptr[0]);
  const auto& fields = o.via.array.ptr[1].via.array;
  pack.pack_array(fields.size + 1);
  for (std::uint32_t i = 0; i < fields.size; ++i)
    pack.pack(fields.ptr[i]);
  pack.pack(std::string{"of a later version"});
  return {buffer.data(), buffer.size()};
}

} // namespace

CAF_TEST(every message is read as it was written) {
  std::set<std::size_t> kinds;
  for (const auto& m : all_messages()) {
    auto bytes = encode(m);
    auto read = decode_message(bytes);
    CAF_REQUIRE(read.has_value());
    CAF_CHECK_EQUAL(read->index(), m.index());
    CAF_CHECK(encode(*read) == bytes);
    kinds.insert(m.index());
  }
  CAF_CHECK_EQUAL(kinds.size(), std::variant_size_v<cluster_message>);
}

CAF_TEST(what a message holds comes through) {
  auto read = decode_message(
    encode(says::recorded{"q", {facts::put{id(1), text("body"), 5, window_place{id(2), 30ms}}}}));
  CAF_REQUIRE(read.has_value());
  const auto& recorded = std::get<says::recorded>(*read);
  CAF_CHECK_EQUAL(recorded.queue, "q");
  const auto& put = std::get<facts::put>(recorded.facts.at(0));
  CAF_CHECK(put.id == id(1));
  CAF_CHECK_EQUAL(put.content.content.body(), "body");
  CAF_CHECK_EQUAL(put.content.content.content_type(), "text/plain");
  CAF_REQUIRE(put.content.preserved != nullptr);
  CAF_CHECK_EQUAL(put.content.preserved->at(0).first, "x-a");
  CAF_CHECK(put.window == (window_place{id(2), 30ms}));
  CAF_CHECK_EQUAL(put.retries_left, 5u);

  read = decode_message(encode(says::tell{1, answered::delivered{"q", compound_delivery()}}));
  CAF_REQUIRE(read.has_value());
  const auto& told = std::get<answered::delivered>(std::get<says::tell>(*read).what);
  CAF_CHECK((told.what.lease == lease_id{id(9), 4, home_tag{5}}));
  const auto& parts = *std::get<std::shared_ptr<const compound>>(told.what.content);
  CAF_REQUIRE_EQUAL(parts.size(), 2u);
  CAF_CHECK_EQUAL(parts[1].content.content.body(), "two");

  read = decode_message(encode(says::holds{{4, 5}, "q", {record()}}));
  CAF_REQUIRE(read.has_value());
  const auto& unit = std::get<says::holds>(*read).units.at(0);
  CAF_CHECK(unit.state == record().state);
  CAF_CHECK(unit.listed == record().listed);
}

CAF_TEST(a duration is no shorter after the way) {
  auto read = decode_message(encode(says::recorded{"q", {facts::leased{id(1), 1, home_tag{}, 1500us}}}));
  CAF_REQUIRE(read.has_value());
  CAF_CHECK(std::get<facts::leased>(std::get<says::recorded>(*read).facts[0]).lease == 2ms);
}

CAF_TEST(a heartbeat is read as it was written) {
  auto read = decode_heartbeat(encode(beat()));
  CAF_REQUIRE(read.has_value());
  CAF_CHECK(read->linked == beat().linked);
  CAF_CHECK(read->in_step == beat().in_step);
  CAF_CHECK(read->view == beat().view);
  CAF_CHECK(read->leaving && read->withdrawn);
  CAF_CHECK(encode(*read) == encode(beat()));
}

CAF_TEST(fields of a later version are left aside) {
  for (const auto& m : all_messages()) {
    auto bytes = encode(m);
    auto read = decode_message(with_one_more(bytes));
    CAF_REQUIRE(read.has_value());
    CAF_CHECK(encode(*read) == bytes);
  }
}

CAF_TEST(fields that an earlier version does not write keep their defaults) {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> pack{buffer};
  pack.pack_array(1);
  pack.pack_array(0); // linked, and nothing after it
  auto read = decode_heartbeat({buffer.data(), buffer.size()});
  CAF_REQUIRE(read.has_value());
  CAF_CHECK(read->in_step.empty() && !read->leaving && read->view == view_id{});
}

CAF_TEST(a message of a kind that this version does not know is none) {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> pack{buffer};
  pack.pack_array(2);
  pack.pack(1000);
  pack.pack_array(0);
  CAF_CHECK(!decode_message({buffer.data(), buffer.size()}));
}

CAF_TEST(a message that was cut off is none) {
  for (const auto& m : all_messages()) {
    auto bytes = encode(m);
    for (std::size_t n = 0; n<bytes.size(); n += bytes.size()> 1000 ? 37 : 1)
      CAF_CHECK(!decode_message(std::string_view{bytes}.substr(0, n)));
  }
}

CAF_TEST(bytes that were changed are read or not and harm nothing) {
  std::mt19937 dice{1};
  for (const auto& m : all_messages()) {
    auto bytes = encode(m);
    for (int i = 0; i < 500; ++i) {
      auto changed = bytes;
      for (auto n = 1 + dice() % 3; n > 0; --n)
        changed[dice() % changed.size()] = static_cast<char>(dice());
      if (auto read = decode_message(changed))
        CAF_CHECK(!encode(*read).empty());
    }
  }
}

CAF_TEST(junk is nothing) {
  std::mt19937 dice{2};
  std::size_t understood = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string junk;
    for (auto n = dice() % 60; n > 0; --n)
      junk += static_cast<char>(dice());
    understood += decode_message(junk).has_value() ? 1 : 0;
    decode_heartbeat(junk);
  }
  CAF_CHECK(understood < 10);
}

CAF_TEST(a header that promises more than there is makes no room for it) {
  CAF_CHECK(!decode_message("\xdd\xff\xff\xff\xff\x01"));
  CAF_CHECK(!decode_message("\xdf\xff\xff\xff\xff\x01"));
  CAF_CHECK(!decode_message("\xc6\xff\xff\xff\xff\x01"));
  CAF_CHECK(!decode_message(std::string(100'000, '\x91'))); // an array in an array in an array …
}
