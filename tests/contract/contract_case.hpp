// How a case of the contract is written: a sentence, a body, and checks that say what they found.
// A case that throws has failed and the next one runs. Everything here is used on the test's main thread.
//
//   #define CAF_SUITE push
//   CONTRACT("a push is answered 200") { … http() … server() … }
//   EVERY_WIRE("a pulled message is the pushed one") { … wire.connect() … }   see broker_client.hpp
#pragma once

#include "tests/contract/broker_client.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/server_process.hpp"

#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace lmq::contract {

using namespace lmq::testing;

/// Where a check stands. (std::source_location is more than clang-tidy 14 understands.)
struct here {
  const char* file;
  int line;

  static constexpr here current(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

/// A case can't go on; it has failed.
struct broken_off : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The server that the cases of one suite share. Started by the first of them; started anew by the next
/// case when it broke down, for which that one fails.
server_process& server();

/// A connection to it.
inline http_client http() {
  return http_client{server().http_port()};
}

/// A queue name that no other case uses: letters and digits, and none is the beginning of another.
std::string fresh_name();

/// Waits until what was sent to this server before has reached its queue: other connections' answers are
/// the only sign of it, so a few of them and a short waiting pull go by.
void let_it_arrive(server_process& where);
void let_it_arrive();

/// Counts as a check; goes on when it fails.
void expect(bool holds, std::string_view what, here at = here::current());

/// The same; breaks the case off when it fails.
void require(bool holds, std::string_view what, here at = here::current());

/// Any two values that can be compared and printed.
template <class T, class U>
void expect_equal(const T& found, const U& wanted, here at = here::current()) {
  std::ostringstream text;
  text << "found \"" << found << "\", wanted \"" << wanted << "\"";
  expect(found == wanted, text.str(), at);
}

/// Not earlier than `least` (exact), not later than `least` and a generous while.
void expect_took(seconds elapsed, seconds least, here at = here::current());

/// Long before something else could have ended it.
void expect_prompt(seconds elapsed, here at = here::current());

// The macros behind the cases.

using plain_body = void (*)();
using wire_body = void (*)(wire&);

struct registered {
  registered(const char* suite, const char* sentence, plain_body body);
  registered(const char* suite, const char* sentence, wire_body body);
};

} // namespace lmq::contract

#define LMQ_TEXT_OF(x) #x
#define LMQ_TEXT(x) LMQ_TEXT_OF(x)
#define LMQ_JOIN_OF(a, b) a##b
#define LMQ_JOIN(a, b) LMQ_JOIN_OF(a, b)

#define LMQ_CASE(sentence, parameter)                                                                        \
  static void LMQ_JOIN(case_, __LINE__)(parameter);                                                          \
  static const lmq::contract::registered LMQ_JOIN(registered_, __LINE__){LMQ_TEXT(CAF_SUITE), sentence,      \
                                                                         &LMQ_JOIN(case_, __LINE__)};        \
  static void LMQ_JOIN(case_, __LINE__)(parameter)

/// A case about one wire itself.
#define CONTRACT(sentence) LMQ_CASE(sentence, )

/// A case that means the same on every wire: it runs once for each, with `lmq::contract::wire& wire`.
#define EVERY_WIRE(sentence) LMQ_CASE(sentence, [[maybe_unused]] lmq::contract::wire& wire)
