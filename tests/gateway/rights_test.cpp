// Every request against every role: what a token may, as one table.
#define CAF_SUITE rights

#include "gateway/access/token_file.hpp"
#include "gateway/http/access.hpp"

#include <caf/test/unit_test.hpp>

#include <array>
#include <memory>
#include <set>
#include <utility>
#include <vector>

using namespace lmq;

namespace {

// Who asks. Each is a letter in the table.
const std::vector<std::pair<char, std::string>> roles{
  {'p', "push here"}, {'l', "pull here"},  {'a', "admin here"},   {'P', "push .*"},  {'L', "pull .*"},
  {'A', "admin .*"},  {'t', "push there"}, {'b', "push,pull .*"}, {'W', "watch .*"}, {'w', "watch here"},
};

/// As long as a token must be.
std::string token_of(char role) {
  return std::string(16, role);
}

known_tokens tokens_of_roles() {
  std::string text;
  for (const auto& [letter, line] : roles)
    text += "role-" + std::string(1, letter) + " " + line + " " + token_of(letter) + "\n";
  auto r = parse_tokens(text);
  if (!r)
    CAF_FAIL(r.error());
  return known_tokens{std::make_shared<const token_table>(*std::move(r))};
}

/// On a connection of its own.
std::optional<access_denial> denied(known_tokens& tokens, std::optional<std::string_view> token,
                                    const request* what) {
  token_place last;
  return tokens.denied(token, what, last);
}

/// The requests with the roles that may have them carried out. Those with a queue are about `here`.
std::vector<std::pair<request, std::string>> table() {
  const std::string q = "here";
  const std::string of_all = "A";
  return {
    {push_one{q}, "paPAb"},
    {pull_one{q, {}}, "laLAb"},
    {settle_lease{q, {}, verdict::ack}, "laLAb"},
    {settle_lease{q, {}, verdict::nack}, "laLAb"},
    {settle_lease{q, {}, verdict::extend}, "laLAb"},
    {push_matching{"here"}, "PAb"},
    {pull_matching{"here", {}}, "LAb"},
    {delete_queue{q}, "aA"},
    {get_properties{q}, "aA"},
    {patch_properties{q, {}}, "aA"},
    {delete_properties{q}, "aA"},
    {revive_queue{q}, "aA"},
    {list_queues{}, "AW"},
    {describe_queue{q}, "aAWw"},
    {peek_messages{q}, "aAWw"},
    {purge_queue{q}, "aA"},
    {pause_queue{q}, "aA"},
    {resume_queue{q}, "aA"},
    {remove_message{q, {}}, "aA"},
    {redrive_queue{q}, "aA"},
    {get_rules{}, of_all},
    {put_rules{}, of_all},
    {delete_rules{}, of_all},
    {get_stats{}, "AW"},
    {get_metrics{}, "AW"},
    {get_cluster{}, "AW"},
    {join_cluster{}, of_all},
    {leave_cluster{}, of_all},
    {forget_member{}, of_all},
    {make_backup{}, of_all},
  };
}

} // namespace

CAF_TEST(every request is open to the roles of the table and to no other) {
  auto tokens = tokens_of_roles();
  for (const auto& [what, may] : table())
    for (const auto& [letter, line] : roles) {
      auto no = denied(tokens, token_of(letter), &what);
      auto expected = may.find(letter) == std::string::npos;
      if (no.has_value() != expected)
        CAF_ERROR("request " << what.index() << " as \"" << line << "\" was " << (no ? "refused" : "let in"));
      if (no)
        CAF_CHECK(no->why == access_denial::kind::no_right);
      auto when_read = tokens.denied(digest_of(token_of(letter)), what);
      CAF_CHECK_EQUAL(when_read.has_value(), expected);
    }
}

CAF_TEST(who has dead letters moved into a queue needs the right to push there) {
  auto tokens = tokens_of_roles();
  auto may = [&](char role, const std::string& of, std::optional<std::string> target) {
    patch_properties what{of, {}};
    what.change.dead_letter = std::move(target);
    auto no = tokens.denied(digest_of(token_of(role)), what);
    if (no)
      CAF_CHECK(no->why == access_denial::kind::no_right);
    return !no;
  };
  CAF_CHECK(may('a', "here", std::nullopt));
  CAF_CHECK(may('a', "here", ""));
  CAF_CHECK(!may('a', "here", "there"));
  CAF_CHECK(!may('a', "here", "here2"));
  CAF_CHECK(!may('a', "there", "here"));
  CAF_CHECK(may('A', "here", "there"));
  for (auto other : {'p', 'l', 't', 'b', 'P', 'W'})
    CAF_CHECK(!may(other, "here", "there"));

  patch_properties what{"here", {}};
  what.change.dead_letter = "there";
  auto no = tokens.denied(digest_of(token_of('a')), what);
  CAF_REQUIRE(no.has_value());
  CAF_CHECK_EQUAL(
    no->message,
    "the token of role-a is not good for this: it takes the right push on the queue that dead_letter names as "
    "well; name one that the token is good for, or let somebody set it whose token is good for both");
  auto gone = tokens.denied(digest_of("nobody-has-this-one"), what);
  CAF_REQUIRE(gone.has_value());
  CAF_CHECK(gone->why == access_denial::kind::no_token);
}

CAF_TEST(the table has every request but the one that is open to all) {
  std::set<std::size_t> seen;
  for (const auto& [what, may] : table())
    seen.insert(what.index());
  CAF_CHECK_EQUAL(seen.size() + 1, std::variant_size_v<request>);
  CAF_CHECK(!seen.contains(request{get_health{}}.index()));
}

CAF_TEST(nobody without a known token may anything but ask for health) {
  auto tokens = tokens_of_roles();
  for (const auto& [what, may] : table())
    for (auto token : {std::optional<std::string_view>{}, std::optional<std::string_view>{""},
                       std::optional<std::string_view>{"nobody-has-this-one"}}) {
      auto no = denied(tokens, token, &what);
      CAF_REQUIRE(no.has_value());
      CAF_CHECK(no->why == access_denial::kind::no_token);
      CAF_CHECK(!no->message.empty());
    }
  request health = get_health{};
  CAF_CHECK(!denied(tokens, std::nullopt, &health));
  CAF_CHECK(!denied(tokens, "nobody-has-this-one", &health));
}

CAF_TEST(what needs nobody is told to every token and to nobody else) {
  auto tokens = tokens_of_roles();
  for (const auto& [letter, line] : roles)
    CAF_CHECK(!denied(tokens, token_of(letter), nullptr));
  CAF_CHECK(denied(tokens, std::nullopt, nullptr).has_value());
}

CAF_TEST(a refusal says which right is missing and whose token it was) {
  auto tokens = tokens_of_roles();
  request pull = pull_one{"here", {}};
  auto one = denied(tokens, token_of('p'), &pull);
  CAF_REQUIRE(one.has_value());
  CAF_CHECK_EQUAL(one->message,
                  "the token of role-p is not good for this: it takes the right pull on this queue");
  request many = pull_matching{"here", {}};
  auto all = denied(tokens, token_of('l'), &many);
  CAF_REQUIRE(all.has_value());
  CAF_CHECK_EQUAL(all->message,
                  "the token of role-l is not good for this: it takes the right pull on all queues, "
                  "which is a token with the pattern .*");
}

// -- over HTTP ---------------------------------------------------------------------------------------------------------

CAF_TEST(a token stands behind the word bearer) {
  CAF_CHECK(bearer_token("Bearer abc") == "abc");
  CAF_CHECK(bearer_token("bearer abc") == "abc");
  CAF_CHECK(bearer_token("BEARER   abc") == "abc");
  CAF_CHECK(bearer_token("Bearer ") == "");
  for (auto other : {"", "abc", "Bearer", "Bearerabc", "Basic abc", "Token abc"})
    CAF_CHECK(!bearer_token(other));
}

CAF_TEST(who has no token learns of no route) {
  auto tokens = tokens_of_roles();
  token_place last;
  for (auto target : {"/messages/here", "/nothing", "/openapi.json", "/messages", "/%zz"}) {
    auto asked = parse_target(http_method::get, target, gateway_limits{});
    auto no = refused_access(tokens, "", asked, last);
    CAF_REQUIRE(no.has_value());
    CAF_CHECK(no->why == http_reason::unauthorized);
  }
  auto health = parse_target(http_method::get, "/health", gateway_limits{});
  CAF_CHECK(!refused_access(tokens, "", health, last));
  auto options = parse_target(http_method::options, "*", gateway_limits{});
  CAF_CHECK(refused_access(tokens, "", options, last).has_value());
}

CAF_TEST(who has one is told what is wrong as always) {
  auto tokens = tokens_of_roles();
  auto header = "Bearer " + token_of('t');
  token_place last;
  for (auto target : {"/nothing", "/openapi.json", "/messages", "/%zz"})
    CAF_CHECK(
      !refused_access(tokens, header, parse_target(http_method::get, target, gateway_limits{}), last));
  auto no =
    refused_access(tokens, header, parse_target(http_method::post, "/messages/here", gateway_limits{}), last);
  CAF_REQUIRE(no.has_value());
  CAF_CHECK(no->why == http_reason::forbidden);
}
