// Where a MessagePack value ends, in whatever pieces it comes; and what is no value that one should wait for.
#define CAF_SUITE frame_splitter

#include "gateway/rpc/frame_splitter.hpp"
#include "gateway/rpc/token.hpp"
#include "tests/support/packed.hpp"

#include <caf/test/unit_test.hpp>
#include <string>
#include <vector>

using namespace lmq;
using namespace lmq::testing;

namespace {

constexpr frame_limits roomy{1'000'000, 64};

/// One value for each first byte that there is, but 0xc1, with as little behind it as that allows.
std::vector<std::string> every_form() {
  std::vector<std::string> all;
  for (int first = 0; first < 0x100; ++first) {
    std::string bytes(1, static_cast<char>(first));
    if (first == 0xc1)
      continue;
    token head;
    while (read_token(bytes, head) == token_state::incomplete)
      bytes += '\1';
    if (head.bytes > 0x10000 || head.values > 0x10000) { // a length of 32 bits, made of ones
      bytes.replace(1, 2, 2, '\0');
      read_token(bytes, head);
    }
    bytes.append(head.bytes, 'x');
    bytes.append(head.values, '\1');
    all.push_back(bytes);
  }
  return all;
}

frame_fault fault_of(std::string_view bytes, frame_limits limits = roomy) {
  frame_splitter splitter{limits};
  auto end = splitter.find_end(bytes);
  if (end)
    CAF_FAIL("no fault, but an end at " << *end);
  return end.error();
}

std::string nested(std::string_view level, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i)
    out += level;
  return out;
}

} // namespace

CAF_TEST(every form of a value is found whole wherever it is cut) {
  auto forms = every_form();
  CAF_CHECK_EQUAL(forms.size(), 255u);
  for (const auto& value : forms)
    for (std::size_t step = 1; step <= value.size(); step += 1 + value.size() / 7) {
      frame_splitter splitter{roomy};
      for (std::size_t come = 0; come < value.size(); come += step) {
        auto end = splitter.find_end(std::string_view{value}.substr(0, come));
        CAF_REQUIRE(end && *end == 0);
        CAF_REQUIRE(splitter.bytes_min() <= value.size());
      }
      auto end = splitter.find_end(value + "more");
      CAF_REQUIRE(end && *end == value.size());
    }
}

CAF_TEST(values within values are found whole at every cut) {
  auto value = array({1, map({{"a", array({nullptr, map({}), array({})})}, {bin("b"), -1.5}}), raw("c"),
                      packed::of_bytes(from_hex("c7 03 05 01 02 03"))})
                 .bytes();
  auto stream = value + value;
  for (std::size_t cut = 0; cut <= value.size(); ++cut) {
    frame_splitter splitter{roomy};
    auto first = splitter.find_end(std::string_view{stream}.substr(0, cut));
    CAF_REQUIRE(first && *first == (cut == value.size() ? cut : 0));
    auto end = splitter.find_end(stream);
    CAF_REQUIRE(end && *end == value.size());
  }
}

CAF_TEST(after a reset the next value is looked for) {
  frame_splitter splitter{roomy};
  CAF_CHECK(splitter.find_end("\x92\1\2").value() == 3u);
  splitter.reset();
  CAF_CHECK(splitter.find_end("\xa2").value() == 0u);
  splitter.reset();
  CAF_CHECK(splitter.find_end("\xa2xy").value() == 3u);
}

CAF_TEST(it is known how much must come at least) {
  frame_splitter splitter{roomy};
  CAF_CHECK_EQUAL(splitter.bytes_min(), 1u);
  splitter.find_end(from_hex("92 c6 00 00 10 00"));
  CAF_CHECK_EQUAL(splitter.bytes_min(), 6u + 0x1000 + 1);
}

CAF_TEST(a byte that begins no value is malformed also deep inside) {
  CAF_CHECK(fault_of("\xc1") == frame_fault::malformed);
  CAF_CHECK(fault_of("\x92\1\xc1") == frame_fault::malformed);
  CAF_CHECK(fault_of("\x81\xa1x\xc1") == frame_fault::malformed);
}

CAF_TEST(a length that can not fit is refused before anything of it comes) {
  for (auto* lie : {"db ff ff ff ff", "c6 ff ff ff ff", "c9 ff ff ff ff", "dd ff ff ff ff", "df ff ff ff ff",
                    "dd 00 10 00 00", "df 00 08 00 00", "da 03 e9", "c5 03 e9", "92 da 03 e8"})
    CAF_CHECK(fault_of(from_hex(lie), {1'000, 64}) == frame_fault::too_large);
}

CAF_TEST(lengths that can not fit together are refused) {
  CAF_CHECK(fault_of(nested(from_hex("dc 00 80"), 8), {1'000, 64}) == frame_fault::too_large);
}

CAF_TEST(a value of exactly the limit is taken and one byte more is not ) {
  std::string value = from_hex("da 00 61") + std::string(0x61, 'x');
  CAF_REQUIRE_EQUAL(value.size(), 100u);
  frame_splitter splitter{{100, 64}};
  CAF_CHECK(splitter.find_end(value).value() == 100u);
  CAF_CHECK(fault_of(value, {99, 64}) == frame_fault::too_large);
  frame_splitter many{{100, 64}};
  std::string list = from_hex("dc 00 61") + std::string(0x61, '\1');
  CAF_CHECK(many.find_end(list).value() == 100u);
  CAF_CHECK(fault_of(list, {99, 64}) == frame_fault::too_large);
}

CAF_TEST(nesting is bounded however it is written) {
  for (auto& level :
       {std::string{"\x91"}, std::string{"\x81\1"}, from_hex("dc 00 01"), from_hex("de 00 01 01")}) {
    CAF_CHECK(fault_of(nested(level, 65) + "\1") == frame_fault::too_deep);
    frame_splitter splitter{roomy};
    CAF_CHECK(splitter.find_end(nested(level, 64) + "\1").value_or(0) > 0);
  }
  frame_splitter siblings{{1'000'000, 2}};
  CAF_CHECK(siblings.find_end(from_hex("dc 10 00") + nested("\x91\1", 0x1000)).value_or(0) > 0);
}

CAF_TEST(only one value and nothing else is one value) {
  CAF_CHECK(is_one_value("\xc0", 64));
  CAF_CHECK(is_one_value("\x92\1\2", 64));
  for (auto& bytes : {std::string{}, std::string{"\1\2"}, std::string{"\x92\1"}, std::string{"\xc1"},
                      std::string{"\x91\x91\1"}})
    CAF_CHECK(!is_one_value(bytes, 1));
}
