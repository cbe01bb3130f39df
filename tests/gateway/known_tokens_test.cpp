// What is remembered of tokens: the same answers as from the table, whoever asks for whatever in whatever
// order, and none of an older table.
#define CAF_SUITE known_tokens

#include "gateway/access/known_tokens.hpp"
#include "gateway/access/token_file.hpp"

#include <caf/test/unit_test.hpp>

#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace lmq;

namespace {

const std::string token_a = "aaaaaaaaaaaaaaaa";
const std::string token_b = "bbbbbbbbbbbbbbbb";

std::shared_ptr<const token_table> table_of(const std::string& text) {
  auto r = parse_tokens(text);
  if (!r)
    CAF_FAIL(r.error());
  return std::make_shared<const token_table>(*std::move(r));
}

enum class found { open, no_token, no_right };

found as_found(const std::optional<access_denial>& no) {
  if (!no)
    return found::open;
  return no->why == access_denial::kind::no_token ? found::no_token : found::no_right;
}

/// A connection: what it asks, one after the other.
struct asker {
  known_tokens& tokens;
  token_place last{};

  found push(const std::string& token, const std::string& queue) {
    request what = push_one{queue};
    return as_found(tokens.denied(token, &what, last));
  }
  found pull(const std::string& token, const std::string& queue) {
    request what = pull_one{queue, {}};
    return as_found(tokens.denied(token, &what, last));
  }
  found push_all(const std::string& token) {
    request what = push_matching{".*"};
    return as_found(tokens.denied(token, &what, last));
  }
};

std::uint64_t seed() {
  const char* given = std::getenv("LMQ_SEED");
  auto out = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  CAF_MESSAGE("LMQ_SEED=" << out);
  return out;
}

} // namespace

CAF_TEST(without a table nobody is asked) {
  CAF_CHECK(!known_tokens{}.asked_for());
  known_tokens tokens{table_of("a push .* " + token_a)};
  CAF_CHECK(tokens.asked_for());
  tokens.replace(nullptr);
  CAF_CHECK(!tokens.asked_for());
}

CAF_TEST(a token that comes again is the same and another queue or right is looked at on its own) {
  known_tokens tokens{table_of("a push jobs-.* " + token_a)};
  asker one{tokens};
  for (int i = 0; i < 3; ++i) {
    CAF_CHECK(one.push(token_a, "jobs-1") == found::open);
    CAF_CHECK(one.push(token_a, "mail") == found::no_right);
    CAF_CHECK(one.pull(token_a, "jobs-1") == found::no_right);
    CAF_CHECK(one.push(token_a, "jobs-2") == found::open);
    CAF_CHECK(one.push_all(token_a) == found::no_right);
  }
}

CAF_TEST(another token on the same connection is another one) {
  known_tokens tokens{table_of("a push here " + token_a + "\nb push there " + token_b)};
  asker one{tokens}, other{tokens};
  for (int i = 0; i < 3; ++i) {
    CAF_CHECK(one.push(token_a, "here") == found::open);
    CAF_CHECK(one.push(token_b, "here") == found::no_right);
    CAF_CHECK(one.push(token_b, "there") == found::open);
    CAF_CHECK(one.push(token_a, "there") == found::no_right);
    CAF_CHECK(other.push(token_b, "there") == found::open);
    for (const auto& none : {std::string{}, token_a.substr(1), token_a + "a", token_a.substr(1) + "b",
                             std::string(token_a.size(), '\0'), std::string("nobody-has-this-one")})
      CAF_CHECK(one.push(none, "here") == found::no_token);
  }
  request what = push_one{"here"};
  CAF_CHECK(as_found(tokens.denied(std::nullopt, &what, one.last)) == found::no_token);
}

CAF_TEST(what was remembered goes with its table) {
  known_tokens tokens{table_of("a push,pull jobs-.* " + token_a + "\nb push .* " + token_b)};
  asker one{tokens}, other{tokens};
  auto warm = [&] {
    for (auto* each : {&one, &other}) {
      CAF_CHECK(each->push(token_a, "jobs-1") == found::open);
      CAF_CHECK(each->pull(token_a, "jobs-1") == found::open);
      CAF_CHECK(each->push(token_b, "mail") == found::open);
    }
  };
  warm();
  CAF_MESSAGE("a token is taken away");
  tokens.replace(table_of("b push .* " + token_b));
  CAF_CHECK(one.push(token_a, "jobs-1") == found::no_token);
  CAF_CHECK(other.push(token_a, "jobs-1") == found::no_token);
  CAF_CHECK(one.push(token_b, "mail") == found::open);
  CAF_MESSAGE("a right is taken away");
  tokens.replace(table_of("a push,pull jobs-.* " + token_a + "\nb push .* " + token_b));
  warm();
  tokens.replace(table_of("a pull jobs-.* " + token_a + "\nb push .* " + token_b));
  CAF_CHECK(one.push(token_a, "jobs-1") == found::no_right);
  CAF_CHECK(one.pull(token_a, "jobs-1") == found::open);
  CAF_MESSAGE("a queue is taken away, and another is given");
  tokens.replace(table_of("a push,pull mail " + token_a + "\nb push jobs-.* " + token_b));
  CAF_CHECK(one.push(token_a, "jobs-1") == found::no_right);
  CAF_CHECK(one.push(token_a, "mail") == found::open);
  CAF_CHECK(other.push(token_b, "mail") == found::no_right);
  CAF_CHECK(other.push_all(token_b) == found::no_right);
  CAF_MESSAGE("the names of two change places");
  tokens.replace(table_of("b push,pull mail " + token_b + "\na push jobs-.* " + token_a));
  CAF_CHECK(one.push(token_a, "mail") == found::no_right);
  CAF_CHECK(one.push(token_b, "mail") == found::open);
}

CAF_TEST(more tokens and queues than are remembered are told apart like few) {
  std::mt19937_64 dice{seed()};
  auto below = [&](std::size_t n) { return static_cast<std::size_t>(dice() % n); };
  constexpr auto tokens_there = known_tokens::tokens_max * 2;
  constexpr auto queues_there = known_tokens::queues_max * 4;
  auto token_of = [](std::size_t n) { return "token-of-somebody-" + std::to_string(n); };
  auto any_table = [&] {
    std::string text;
    for (std::size_t n = 0; n < tokens_there; ++n)
      if (n == 0 || below(4) > 0) {
        auto digit = std::to_string(below(10));
        const std::vector<std::string> rights{"push", "pull", "push,pull", "watch", "admin"};
        const std::vector<std::string> patterns{".*", "q.*" + digit, "q" + digit + ".*", "q[0-4]+"};
        text += "name-" + std::to_string(n) + " " + rights[below(rights.size())] + " " +
                patterns[below(patterns.size())] + " " + token_of(n) + "\n";
      }
    return table_of(text);
  };
  auto table = any_table();
  known_tokens tokens{table};
  std::vector<asker> askers(8, asker{tokens});
  // Some hot ones, some of all, so that places are both used again and taken over.
  auto pick = [&](std::size_t of) { return below(2) == 0 ? below(5) : below(of + of / 10); };
  for (int step = 0; step < 20'000; ++step) {
    if (below(4'000) == 0)
      tokens.replace(table = any_table());
    auto token = token_of(pick(tokens_there));
    auto queue = "q" + std::to_string(pick(queues_there));
    const auto* grant = table->find(token);
    auto needed = below(2) == 0 ? right::push : right::pull;
    auto all = below(8) == 0;
    auto expected = found::open;
    if (grant == nullptr)
      expected = found::no_token;
    else if (!grant->rights.includes(needed) || (all ? grant->queues.has_value() : !grant->covers(queue)))
      expected = found::no_right;
    auto one = needed == right::push ? request{push_one{queue}} : request{pull_one{queue, {}}};
    auto many = needed == right::push ? request{push_matching{queue}} : request{pull_matching{queue, {}}};
    auto& asking = askers[below(askers.size())];
    auto is = as_found(tokens.denied(token, all ? &many : &one, asking.last));
    if (is != expected)
      CAF_FAIL("step " << step << ": " << token << " for " << queue << (all ? " of all" : ""));
  }
  CAF_CHECK(true);
}
