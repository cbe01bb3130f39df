// Bytes read ahead, and consumed at any time.
#define CAF_SUITE input_buffer

#include "gateway/input_buffer.hpp"

#include <caf/test/unit_test.hpp>
#include <random>
#include <string>

using namespace lmq;

namespace {

void put(char* room, std::string_view bytes) {
  std::copy(bytes.begin(), bytes.end(), room);
}

std::string held(const input_buffer& buffer) {
  return std::string(buffer.data());
}

} // namespace

CAF_TEST(what is read is held until it is consumed) {
  input_buffer buffer;
  put(buffer.prepare(10), "hello");
  buffer.commit(5);
  CAF_CHECK_EQUAL(held(buffer), "hello");
  buffer.consume(2);
  put(buffer.prepare(10), " you");
  buffer.commit(4);
  CAF_CHECK_EQUAL(held(buffer), "llo you");
}

CAF_TEST(consuming while a read is under way does not move its room) {
  input_buffer buffer;
  put(buffer.prepare(10), "first");
  buffer.commit(5);
  auto* room = buffer.prepare(5);
  buffer.consume(5);
  CAF_CHECK(buffer.empty());
  put(room, "later");
  buffer.commit(5);
  CAF_CHECK_EQUAL(held(buffer), "later");
}

CAF_TEST(a buffer that is emptied begins again at its front) {
  input_buffer buffer;
  for (int i = 0; i < 1'000; ++i) {
    put(buffer.prepare(100), std::string(60, 'x'));
    buffer.commit(60);
    buffer.consume(60);
  }
  CAF_CHECK_EQUAL(buffer.capacity(), 100u);
  buffer.release();
  CAF_CHECK_EQUAL(buffer.capacity(), 0u);
}

CAF_TEST(any order of reads and consumption keeps the stream) {
  std::mt19937 random{11};
  input_buffer buffer;
  std::string sent, seen;
  char next = 0;
  for (int i = 0; i < 5'000; ++i) {
    auto room = 1 + random() % 50;
    auto* to = buffer.prepare(room);
    auto take = [&] {
      auto n = random() % (buffer.size() + 1);
      seen += buffer.data().substr(0, n);
      buffer.consume(n);
    };
    take();
    auto came = random() % (room + 1);
    for (std::size_t k = 0; k < came; ++k)
      sent += to[k] = next++;
    buffer.commit(came);
    take();
  }
  seen += buffer.data();
  CAF_CHECK(seen == sent);
}
