// Contents are any MessagePack value and come back byte for byte, in whichever form they were written.
#define CAF_SUITE rpc_values

#include "tests/contract/rpc_calls.hpp"

using namespace lmq::contract;

namespace {

packed of_hex(const char* digits) {
  return packed::of_bytes(from_hex(digits));
}

/// Pushed all, then pulled all, over one queue.
void expect_kept(const std::vector<packed>& values, here at = here::current()) {
  auto client = rpc();
  auto name = fresh_name();
  for (auto& value : values)
    push_ok(client, name, value, at);
  for (auto& value : values) {
    auto message = pull_ok(client, name, at);
    expect_equal(message.content, value, at);
    expect_equal(message.type, "normal", at);
  }
}

std::string repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i)
    out += text;
  return out;
}

} // namespace

CONTRACT("nil and booleans are kept") {
  expect_kept({nullptr, true, false});
}

CONTRACT("integers are kept in their width") {
  expect_kept({of_hex("00"), of_hex("7f"), of_hex("e0"), of_hex("ff"), of_hex("cc 80"), of_hex("cc ff"),
               of_hex("cd 01 00"), of_hex("ce ff ff ff ff"), of_hex("cf ff ff ff ff ff ff ff ff"),
               of_hex("d0 80"), of_hex("d1 80 00"), of_hex("d2 80 00 00 00"),
               of_hex("d3 80 00 00 00 00 00 00 00")});
}

CONTRACT("integers that are wider than they need to be are kept so") {
  expect_kept({of_hex("cc 05"), of_hex("cd 00 05"), of_hex("ce 00 00 00 05"),
               of_hex("cf 00 00 00 00 00 00 00 05"), of_hex("d0 05"), of_hex("d1 00 05"),
               of_hex("d2 ff ff ff ff"), of_hex("d3 00 00 00 00 00 00 00 05")});
}

CONTRACT("floats are kept bit by bit") {
  expect_kept({0.1, of_hex("ca 3f 80 00 00"), of_hex("cb 80 00 00 00 00 00 00 00"), of_hex("ca 7f c0 00 01"),
               of_hex("cb 7f f0 00 00 00 00 00 00"), of_hex("cb ff f8 00 00 00 00 00 2a")});
}

CONTRACT("strings are kept in their form, str8 and what is no UTF-8 as well") {
  expect_kept({"", "a", std::string(31, 'x'), std::string(32, 'x'), std::string(255, 'x'),
               std::string(256, 'x'), std::string(65'536, 'x'), raw(std::string(32, 'x')),
               raw(std::string(200, 'x')), of_hex("d9 00"), of_hex("d9 01 61"), of_hex("da 00 01 61"),
               of_hex("db 00 00 00 01 61"), "\xff\xfe", "\x80", std::string("a\0b", 3),
               "\xe5\xbe\x85\xe3\x81\xa1"});
}

CONTRACT("binary values are kept in their form") {
  expect_kept({bin(""), bin(std::string("\0\xff", 2)), bin(std::string(255, 'x')), bin(std::string(256, 'x')),
               bin(std::string(65'536, 'x')), of_hex("c5 00 01 61"), of_hex("c6 00 00 00 01 61")});
}

CONTRACT("arrays and maps are kept in their form and order, with any keys") {
  expect_kept({array({}), array({1, "a", nullptr, array({true})}), of_hex("dc 00 00"), of_hex("dc 00 01 c0"),
               of_hex("dd 00 00 00 02 c0 c3"), map({}), map({{"b", 1}, {"a", 2}}), map({{"a", 1}, {"a", 2}}),
               map({{1, "one"}, {nullptr, array({})}, {map({}), true}}), of_hex("de 00 01 a1 61 01"),
               of_hex("df 00 00 00 01 a1 61 01"), array(std::vector<packed>(70'000, 1))});
}

CONTRACT("ext values are kept, timestamps among them") {
  expect_kept({of_hex("d4 01 78"), of_hex("d5 01 78 79"), of_hex("d6 ff 5f 5e 10 00"),
               of_hex("d7 ff 00 00 00 00 5f 5e 10 00"), packed::of_bytes("\xd8\x7f" + std::string(16, 'x')),
               of_hex("c7 00 05"), of_hex("c7 03 80 61 62 63"),
               packed::of_bytes("\xc7\xff\x01" + std::string(255, 'x')), of_hex("c8 00 01 05 61"),
               of_hex("c9 00 00 00 01 05 61")});
}

CONTRACT("nested values are kept") {
  auto deep = array({1});
  for (int level = 0; level < 30; ++level)
    deep = level % 2 == 0 ? map({{"next", deep}, {"level", level}}) : array({level, deep, nullptr});
  expect_kept({deep, packed::of_bytes(repeated("\x91", 40) + "\xc0")});
}

CONTRACT("a value of many megabytes is kept") {
  std::string large;
  for (int i = 0; large.size() < 5'000'000; ++i)
    large += std::to_string(i);
  expect_kept({bin(large), large, array({large, bin(large)})});
}

CONTRACT("a value comes again as it was") {
  auto client = rpc();
  auto name = fresh_name();
  auto value = of_hex("93 cc 05 d9 01 61 c0");
  push_ok(client, name, value);
  for (int delivery = 0; delivery < 3; ++delivery) {
    auto message = pull_ok(client, name);
    expect_equal(message.content, value);
    expect_ok(client.call("release", {name, message.id}));
  }
}

CONTRACT("values that look like calls and answers are only values") {
  expect_kept({packed::of_bytes(render_call(1, "delete", {"x"})), array({1, 1, nullptr, "ok"}),
               bin(render_call(1, "push", {"x", "y"}))});
}

CONTRACT("a package is the array of its values as they were") {
  auto client = rpc();
  auto name = fresh_name();
  expect_ok(client.call("update_props", {name, map({{"pack", 0.3}})}));
  std::vector<packed> values{nullptr,  of_hex("cc 05"),         of_hex("d9 01 61"),
                             bin("x"), map({{"a", array({})}}), 1.5};
  stopwatch watch;
  for (std::size_t i = 0; i < values.size(); ++i)
    expect_result(client.call("push", {name, values[i]}), i == 0 ? "packing started" : "packed");
  auto message = message_in(client.call("pull", {name, 5})).value();
  expect_took(watch.elapsed(), seconds{0.3});
  expect_equal(message.type, "package");
  expect_equal(message.content, array(values));
  expect_ok(client.call("done", {name, message.id}));
}

CONTRACT("a package may hold one value, and many") {
  auto client = rpc();
  for (int count : {1, 15, 16, 1000}) {
    auto name = fresh_name();
    expect_ok(client.call("update_props", {name, map({{"pack", 1}})}));
    std::vector<packed> values;
    for (int i = 0; i < count; ++i) {
      values.emplace_back(i);
      client.notify("push", {name, i});
    }
    auto message = message_in(client.call("pull", {name, 5})).value();
    expect_equal(message.type, "package");
    expect_equal(message.content, array(values));
  }
}
