// Bytes on their way out: order, progress at any pace, and what is kept alive for how long.
#define CAF_SUITE outbox

#include "gateway/outbox.hpp"

#include <algorithm>
#include <array>
#include <caf/test/unit_test.hpp>
#include <random>

using namespace lmq;

namespace {

std::string large(char c) {
  return std::string(outbox::copied_bytes_max + 1, c);
}

/// Sends all of it, `step` bytes at a time out of at most two pieces.
std::string drain(outbox& out, std::size_t step) {
  std::string sent;
  while (!out.empty()) {
    std::array<std::string_view, 2> pieces;
    auto n = out.pieces(pieces);
    std::string first;
    for (std::size_t i = 0; i < n; ++i)
      first += pieces[i];
    auto taken = std::min(step, first.size());
    if (taken == 0)
      CAF_FAIL("bytes are left, but none is shown");
    sent += first.substr(0, taken);
    out.consume(taken);
  }
  return sent;
}

} // namespace

CAF_TEST(what is added leaves in that order whether copied or not ) {
  for (std::size_t step : {1u, 7u, 1000u, 2049u, 1'000'000u}) {
    outbox out;
    std::string wanted;
    auto text = [&](std::string bytes) {
      out.add(bytes);
      wanted += bytes;
    };
    auto body = [&](std::string bytes) {
      out.add(payload::copy_of("", bytes));
      wanted += bytes;
    };
    text("head");
    body("small");
    body(large('a'));
    body(large('b'));
    text("between");
    body("");
    out.add_owned(large('c'));
    wanted += large('c');
    text("end");
    CAF_CHECK_EQUAL(out.size(), wanted.size());
    CAF_CHECK(drain(out, step) == wanted);
    CAF_CHECK_EQUAL(out.sent(), wanted.size());
    CAF_CHECK(out.empty());
  }
}

CAF_TEST(more can be added while a part is sent) {
  std::mt19937 random{7};
  outbox out;
  std::string wanted, sent;
  for (int i = 0; i < 2'000; ++i) {
    auto bytes = i % 3 == 0 ? large(static_cast<char>('a' + i % 26)) : std::to_string(i);
    out.add(payload::copy_of("t", bytes));
    wanted += bytes;
    CAF_REQUIRE_EQUAL(out.end(), wanted.size());
    std::array<std::string_view, 3> pieces;
    auto n = out.pieces(pieces);
    std::string first;
    for (std::size_t k = 0; k < n; ++k)
      first += pieces[k];
    first.resize(random() % (first.size() + 1));
    sent += first;
    out.consume(first.size());
  }
  sent += drain(out, 4'000);
  CAF_CHECK(sent == wanted);
}

CAF_TEST(a large body is sent from where it lies) {
  auto body = payload::copy_of("", large('x'));
  outbox out;
  out.add("head");
  out.add(body);
  std::array<std::string_view, 4> pieces;
  CAF_REQUIRE_EQUAL(out.pieces(pieces), 2u);
  CAF_CHECK(pieces[1].data() == body.body().data());
}

CAF_TEST(an outbox that is empty keeps little room) {
  outbox out;
  out.add(std::string(outbox::kept_bytes_max * 10, 'x'));
  drain(out, 100'000);
  CAF_CHECK(out.text().capacity() <= outbox::kept_bytes_max);
}

CAF_TEST(a body counts as held until its last byte is sent) {
  outbox out;
  CAF_CHECK_EQUAL(out.held_bytes(), 0u);
  out.add("head");
  out.add(payload::copy_of("", large('a')));
  out.add_owned(large('b'));
  const auto each = large('a').size();
  CAF_CHECK_EQUAL(out.held_bytes(), 4 + 2 * each);
  out.consume(4 + each - 1);
  CAF_CHECK_EQUAL(out.held_bytes(), 4 + 2 * each);
  out.consume(1);
  CAF_CHECK_EQUAL(out.held_bytes(), 4 + each);
  out.consume(each);
  CAF_CHECK_EQUAL(out.held_bytes(), 0u);
}
