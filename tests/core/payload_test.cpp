// Bytes of a message: kept as they came, shared and never copied, built piece by piece.
#define CAF_SUITE payload

#include "core/message.hpp"
#include "core/payload.hpp"

#include <caf/test/unit_test.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace lmq;

namespace {

std::string all_bytes() {
  std::string s;
  for (int c = 0; c < 256; ++c)
    s.push_back(static_cast<char>(c));
  return s;
}

std::string body_of(const payload& p) {
  return std::string(p.body());
}

std::string type_of(const payload& p) {
  return std::string(p.content_type());
}

} // namespace

CAF_TEST(a payload keeps every byte of body and content type) {
  auto p = payload::copy_of("text/plain; charset=\xff", all_bytes());
  CAF_CHECK_EQUAL(type_of(p), "text/plain; charset=\xff");
  CAF_CHECK(p.body() == all_bytes());
}

CAF_TEST(empty content types and empty bodies are kept apart) {
  auto both_empty = payload::copy_of("", "");
  CAF_CHECK_EQUAL(type_of(both_empty), "");
  CAF_CHECK_EQUAL(body_of(both_empty), "");
  auto no_body = payload::copy_of("a/b", "");
  CAF_CHECK_EQUAL(type_of(no_body), "a/b");
  CAF_CHECK_EQUAL(body_of(no_body), "");
  auto no_type = payload::copy_of("", "body");
  CAF_CHECK_EQUAL(type_of(no_type), "");
  CAF_CHECK_EQUAL(body_of(no_type), "body");
}

CAF_TEST(a default handle reads as empty and takes no memory) {
  payload p;
  CAF_CHECK_EQUAL(type_of(p), "");
  CAF_CHECK_EQUAL(body_of(p), "");
  CAF_CHECK_EQUAL(p.memory_bytes(), 0u);
  payload copy = p; // NOLINT: the copy is what is tested
  CAF_CHECK_EQUAL(body_of(copy), "");
}

CAF_TEST(a copied handle shares the bytes) {
  auto p = payload::copy_of("a/b", "body");
  payload copy = p; // NOLINT: the copy is what is tested
  CAF_CHECK(copy.body().data() == p.body().data());
  CAF_CHECK(copy.content_type().data() == p.content_type().data());
}

CAF_TEST(the bytes live as long as any handle to them) {
  auto first = std::make_unique<payload>(payload::copy_of("a/b", "body"));
  payload second = *first;
  payload third;
  third = second;
  first.reset();
  second = payload{};
  CAF_CHECK_EQUAL(body_of(third), "body");
  CAF_CHECK_EQUAL(type_of(third), "a/b");
}

CAF_TEST(a handle may be assigned to itself) {
  auto p = payload::copy_of("a/b", "body");
  auto& same = p;
  p = same;
  CAF_CHECK_EQUAL(body_of(p), "body");
  p = std::move(same);
  CAF_CHECK_EQUAL(body_of(p), "body");
}

CAF_TEST(a handle that was moved from is empty) {
  auto p = payload::copy_of("a/b", "body");
  const auto* bytes = p.body().data();
  payload target = std::move(p);
  CAF_CHECK(target.body().data() == bytes);
  CAF_CHECK_EQUAL(body_of(p), ""); // NOLINT: moved from on purpose
  CAF_CHECK_EQUAL(p.memory_bytes(), 0u);
}

CAF_TEST(threads may copy and drop handles at the same time) {
  auto p = payload::copy_of("a/b", "body");
  std::vector<std::size_t> wrong(4);
  std::vector<std::thread> threads;
  for (auto& mine : wrong)
    threads.emplace_back([&mine, p] {
      for (int i = 0; i < 20'000; ++i) {
        payload copy = p; // NOLINT: the copy is what is tested
        mine += copy.body() != "body";
      }
    });
  for (auto& t : threads)
    t.join();
  for (auto n : wrong)
    CAF_CHECK_EQUAL(n, 0u);
  CAF_CHECK_EQUAL(body_of(p), "body");
}

CAF_TEST(a builder joins what is appended) {
  payload_builder builder("a/b", 0);
  builder.append("one ");
  builder.append("");
  builder.append("two ");
  builder.append("three");
  CAF_CHECK_EQUAL(builder.size(), 13u);
  auto p = std::move(builder).finish();
  CAF_CHECK_EQUAL(type_of(p), "a/b");
  CAF_CHECK_EQUAL(body_of(p), "one two three");
}

CAF_TEST(a builder to which nothing is appended gives an empty body) {
  CAF_CHECK_EQUAL(body_of(payload_builder("a/b", 0).finish()), "");
  auto announced = payload_builder("a/b", 1'000'000).finish();
  CAF_CHECK_EQUAL(body_of(announced), "");
  CAF_CHECK_EQUAL(type_of(announced), "a/b");
}

CAF_TEST(a builder grows beyond what was announced) {
  std::string whole;
  payload_builder builder("a/b", 3);
  for (int i = 0; i < 5'000; ++i) {
    auto piece = std::to_string(i);
    whole += piece;
    builder.append(piece);
  }
  auto p = std::move(builder).finish();
  CAF_CHECK(p.body() == whole);
  CAF_CHECK_EQUAL(type_of(p), "a/b");
}

CAF_TEST(pieces may fill the announced size exactly) {
  payload_builder builder("a/b", 64);
  builder.append(std::string(32, 'x'));
  builder.append(std::string(32, 'y'));
  auto p = std::move(builder).finish();
  CAF_CHECK(p.body() == std::string(32, 'x') + std::string(32, 'y'));
}

CAF_TEST(memory counts what is kept and not what was announced) {
  auto exact = payload::copy_of("a/b", std::string(1000, 'x'));
  CAF_CHECK(exact.memory_bytes() >= 1003);
  CAF_CHECK(exact.memory_bytes() <= 1003 + 64);

  payload_builder short_of_announced("a/b", 1'000'000);
  short_of_announced.append(std::string(1000, 'x'));
  CAF_CHECK_EQUAL(std::move(short_of_announced).finish().memory_bytes(), exact.memory_bytes());

  payload_builder beyond_announced("a/b", 1);
  beyond_announced.append("x");
  beyond_announced.append(std::string(999, 'x'));
  CAF_CHECK_EQUAL(std::move(beyond_announced).finish().memory_bytes(), exact.memory_bytes());
}

CAF_TEST(a builder may be moved and dropped half full) {
  payload_builder builder("a/b", 4);
  builder.append("ab");
  payload_builder moved = std::move(builder);
  moved.append("cdef");
  payload_builder other("c/d", 4);
  other.append("lost");
  other = std::move(moved);
  other.append("gh");
  CAF_CHECK_EQUAL(body_of(std::move(other).finish()), "abcdefgh");
}

CAF_TEST(a message counts its preserved headers) {
  message bare{payload::copy_of("a/b", "body"), nullptr};
  message with{bare.content,
               std::make_shared<const header_list>(header_list{{"user-agent", std::string(100, 'x')}})};
  CAF_CHECK_EQUAL(memory_bytes(bare), bare.content.memory_bytes());
  CAF_CHECK(memory_bytes(with) >= memory_bytes(bare) + 110);
}
