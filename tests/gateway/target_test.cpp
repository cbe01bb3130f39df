// What a method and a target ask, and which are refused.
#define CAF_SUITE target

#include "gateway/http/target.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

using enum http_method;

auto parse(http_method method, std::string_view target) {
  return parse_target(method, target, gateway_limits{});
}

/// What is asked, as a T; fails the test if it is something else.
template <class T>
T asked(http_method method, std::string_view target) {
  auto r = parse(method, target);
  if (!r)
    CAF_FAIL("refused: " << std::string(target) << ": " << r.error().message);
  auto* what = std::get_if<broker_request>(&*r);
  if (what == nullptr || !std::holds_alternative<T>(what->what))
    CAF_FAIL("something else is asked: " << std::string(target));
  return std::get<T>(std::move(what->what));
}

/// The answer that needs no broker.
template <class T>
T answered(http_method method, std::string_view target) {
  auto r = parse(method, target);
  if (!r || !std::holds_alternative<T>(*r))
    CAF_FAIL("something else is answered: " << std::string(target));
  return std::get<T>(*std::move(r));
}

compound_format format_asked(std::string_view target) {
  return std::get<broker_request>(parse(get, target).value()).format;
}

bool refused(http_method method, std::string_view target, http_reason why) {
  auto r = parse(method, target);
  return !r && r.error().why == why && !r.error().message.empty();
}

std::string allowed(http_method method, std::string_view target) {
  auto r = parse(method, target);
  return !r && r.error().why == http_reason::method_not_allowed ? std::string(r.error().allow) : "not a 405";
}

const lease_id some_lease{{0x0123456789abcdef, 42}, 7};

} // namespace

CAF_TEST(every route of the contract is found) {
  CAF_CHECK_EQUAL(asked<push_one>(post, "/messages/q").queue, "q");
  CAF_CHECK_EQUAL(asked<pull_one>(get, "/messages/q").queue, "q");
  CAF_CHECK_EQUAL(asked<push_matching>(post, "/messages?qre=^a").pattern, "^a");
  CAF_CHECK_EQUAL(asked<pull_matching>(get, "/messages?qre=^a").pattern, "^a");
  CAF_CHECK_EQUAL(asked<delete_queue>(delete_, "/queues/q").queue, "q");
  CAF_CHECK_EQUAL(asked<get_properties>(get, "/properties/q").queue, "q");
  CAF_CHECK_EQUAL(asked<patch_properties>(patch, "/properties/q").queue, "q");
  CAF_CHECK_EQUAL(asked<delete_properties>(delete_, "/properties/q").queue, "q");
  asked<get_rules>(get, "/properties");
  asked<put_rules>(put, "/properties");
  asked<delete_rules>(delete_, "/properties");
  asked<get_stats>(get, "/stats");
  asked<get_cluster>(get, "/cluster");
  asked<join_cluster>(post, "/cluster/join");
  asked<leave_cluster>(post, "/cluster/leave");
  asked<make_backup>(post, "/backup");
  CAF_CHECK_EQUAL(asked<forget_member>(delete_, "/cluster/members/lmq%40b").name, "lmq@b");
  answered<openapi_document>(get, "/openapi.json");
}

CAF_TEST(a settle has its lease and its verdict) {
  auto target = "/messages/q/" + to_text(some_lease) + "?reply=";
  CAF_CHECK(asked<settle_lease>(post, target + "ack").lease == some_lease);
  CAF_CHECK(asked<settle_lease>(post, target + "ack").what == verdict::ack);
  CAF_CHECK(asked<settle_lease>(post, target + "nack").what == verdict::nack);
  CAF_CHECK(asked<settle_lease>(post, target + "ext").what == verdict::extend);
}

CAF_TEST(of what is wrong with a settle the reply is said first and then the name and then the lease) {
  CAF_CHECK(refused(post, "/messages/a%0Ab/no-lease?reply=done", http_reason::bad_parameter));
  CAF_CHECK(refused(post, "/messages/a%0Ab/no-lease", http_reason::bad_parameter));
  CAF_CHECK(refused(post, "/messages/a%0Ab/no-lease?reply=ack", http_reason::bad_name));
  CAF_CHECK(refused(post, "/messages/a/no-lease?reply=ack", http_reason::no_such_lease));
}

CAF_TEST(a pull waits as long as t says and without limit where it is absent) {
  CAF_CHECK(asked<pull_one>(get, "/messages/q").wait == std::nullopt);
  CAF_CHECK(asked<pull_one>(get, "/messages/q?t=0").wait == duration{0s});
  CAF_CHECK(asked<pull_one>(get, "/messages/q?t=1.5").wait == duration{1500ms});
  for (auto* t : {"", "-1", "x", "1e3", "0x1", "1%2B"})
    CAF_CHECK(refused(get, std::string("/messages/q?t=") + t, http_reason::bad_parameter));
  CAF_CHECK(asked<pull_one>(get, "/messages/q?t=" + std::string(400, '9')).wait ==
            duration{gateway_limits{}.wait_max});
}

CAF_TEST(cf is multipart or msgpack) {
  CAF_CHECK(format_asked("/messages/q") == compound_format::multipart);
  CAF_CHECK(format_asked("/messages/q?cf=multipart") == compound_format::multipart);
  CAF_CHECK(format_asked("/messages?cf=msgpack&qre=a") == compound_format::msgpack);
  CAF_CHECK(refused(get, "/messages/q?cf=xml", http_reason::bad_parameter));
  CAF_CHECK(refused(get, "/messages/q?cf=", http_reason::bad_parameter));
}

CAF_TEST(names are percent decoded and a plus is a space) {
  CAF_CHECK_EQUAL(asked<push_one>(post, "/messages/a%2Fb").queue, "a/b");
  CAF_CHECK_EQUAL(asked<push_one>(post, "/messages/a+b%2bc").queue, "a b+c");
  CAF_CHECK_EQUAL(asked<push_one>(post, "/messages/%c3%BC\xff").queue, "\xc3\xbc\xff");
  CAF_CHECK_EQUAL(asked<push_one>(post, "/messages/^|{}[]\\\"").queue, "^|{}[]\\\"");
}

CAF_TEST(a broken encoding is a bad target wherever it stands) {
  for (auto* target : {"/messages/a%zz", "/messages/%", "/messages/%4", "/messages/%%", "/messages/a%-1",
                       "/messages/q?t=%", "/messages?qre=%g0", "/messages/q?%zz=1"})
    CAF_CHECK(refused(get, target, http_reason::bad_target));
  CAF_CHECK(refused(post, "/messages/q/id?reply=%", http_reason::bad_target));
  CAF_CHECK(refused(delete_, "/cluster/members/%", http_reason::bad_target));
}

CAF_TEST(names are checked after decoding) {
  CAF_CHECK(refused(post, "/messages/a%00b", http_reason::bad_name));
  CAF_CHECK(refused(post, "/messages/%7f", http_reason::bad_name));
  CAF_CHECK(refused(post, "/messages/" + std::string(256, 'x'), http_reason::bad_name));
  std::string longest;
  for (int i = 0; i < 255; ++i)
    longest += "%fe";
  CAF_CHECK_EQUAL(asked<push_one>(post, "/messages/" + longest).queue, std::string(255, '\xfe'));
}

CAF_TEST(the first of doubled parameters counts and unknown ones are ignored) {
  CAF_CHECK(asked<pull_one>(get, "/messages/q?x=%31&t=0&t=9&&=&y").wait == duration{0s});
  CAF_CHECK(asked<pull_one>(get, "/messages/q?%74=%30").wait == duration{0s});
}

CAF_TEST(an empty pattern is one and none is a bad parameter) {
  CAF_CHECK_EQUAL(asked<pull_matching>(get, "/messages?qre=").pattern, "");
  CAF_CHECK_EQUAL(asked<pull_matching>(get, "/messages?qre=a%2B+b=c").pattern, "a+ b=c");
  CAF_CHECK(refused(get, "/messages", http_reason::bad_parameter));
  CAF_CHECK(refused(post, "/messages/?x=1", http_reason::bad_parameter));
}

CAF_TEST(a trailing slash changes nothing and an empty segment is no route) {
  CAF_CHECK_EQUAL(asked<push_one>(post, "/messages/q/").queue, "q");
  asked<get_stats>(get, "/stats/");
  asked<get_rules>(get, "/properties/");
  asked<delete_rules>(delete_, "/properties");
  CAF_CHECK(refused(delete_, "/properties/", http_reason::bad_name)); // a name that was forgotten
  for (auto* target :
       {"/", "//", "/messages//a", "/messages/a//", "/queues//", "/nothing", "/Messages/a", "/messages/a/b/c",
        "/stats/a", "/cluster/a", "/cluster/members", "/cluster/members/a/b", "messages/a", "?", "*"})
    CAF_CHECK(refused(get, target, http_reason::no_such_route));
}

CAF_TEST(absolute targets are accepted) {
  CAF_CHECK_EQUAL(asked<push_one>(post, "http://example.org:80/messages/q").queue, "q");
  CAF_CHECK_EQUAL(asked<pull_matching>(get, "HTTP://h/messages?qre=a://b/c").pattern, "a://b/c");
  CAF_CHECK_EQUAL(asked<pull_matching>(get, "/messages?qre=a://b/c").pattern, "a://b/c");
  CAF_CHECK(refused(get, "http://example.org", http_reason::no_such_route));
}

CAF_TEST(other methods are told which there are) {
  CAF_CHECK_EQUAL(allowed(put, "/messages/q"), "GET, POST, OPTIONS");
  CAF_CHECK_EQUAL(allowed(head, "/messages/q"), "GET, POST, OPTIONS");
  CAF_CHECK_EQUAL(allowed(head, "/messages?qre=a"), "GET, POST, OPTIONS");
  CAF_CHECK_EQUAL(allowed(get, "/messages/q/id"), "POST, OPTIONS");
  CAF_CHECK_EQUAL(allowed(post, "/queues/q"), "GET, HEAD, DELETE, OPTIONS");
  CAF_CHECK_EQUAL(allowed(post, "/properties"), "GET, HEAD, PUT, DELETE, OPTIONS");
  CAF_CHECK_EQUAL(allowed(put, "/properties/q"), "GET, HEAD, PATCH, DELETE, OPTIONS");
  CAF_CHECK_EQUAL(allowed(post, "/stats"), "GET, HEAD, OPTIONS");
  CAF_CHECK_EQUAL(allowed(other, "/openapi.json"), "GET, HEAD, OPTIONS");
  CAF_CHECK_EQUAL(allowed(post, "/cluster"), "GET, HEAD, OPTIONS");
  CAF_CHECK_EQUAL(allowed(get, "/cluster/join"), "POST, OPTIONS");
  CAF_CHECK_EQUAL(allowed(get, "/cluster/leave"), "POST, OPTIONS");
  CAF_CHECK_EQUAL(allowed(get, "/cluster/members/b"), "DELETE, OPTIONS");
}

CAF_TEST(options are answered on every route and for the whole server) {
  CAF_CHECK_EQUAL(std::string(answered<route_methods>(options, "/messages/q").allow), "GET, POST, OPTIONS");
  CAF_CHECK_EQUAL(std::string(answered<route_methods>(options, "/queues/q").allow),
                  "GET, HEAD, DELETE, OPTIONS");
  CAF_CHECK(!answered<route_methods>(options, "*").allow.empty());
  CAF_CHECK(refused(options, "/nothing", http_reason::no_such_route));
}

CAF_TEST(head is get where get takes nothing) {
  asked<get_stats>(head, "/stats");
  asked<get_cluster>(head, "/cluster");
  asked<get_rules>(head, "/properties");
  asked<get_properties>(head, "/properties/q");
}

CAF_TEST(what operators ask of queues is found) {
  auto page = asked<list_queues>(get, "/queues").page;
  CAF_CHECK_EQUAL(page.pattern, "");
  CAF_CHECK_EQUAL(page.offset, 0u);
  CAF_CHECK_EQUAL(page.limit, queue_page_limits::queues_default);
  page = asked<list_queues>(head, "/queues/?qre=%5Ea&offset=20&limit=1000").page;
  CAF_CHECK_EQUAL(page.pattern, "^a");
  CAF_CHECK_EQUAL(page.offset, 20u);
  CAF_CHECK_EQUAL(page.limit, 1000u);
  CAF_CHECK(page.order == queue_page_order::name);
  CAF_CHECK(asked<list_queues>(get, "/queues?sort=size").page.order == queue_page_order::size);
  CAF_CHECK(asked<list_queues>(get, "/queues?sort=name").page.order == queue_page_order::name);
  CAF_CHECK_EQUAL(asked<describe_queue>(get, "/queues/a%2Fb").queue, "a/b");
  CAF_CHECK_EQUAL(asked<purge_queue>(post, "/queues/q/purge").queue, "q");
  CAF_CHECK_EQUAL(asked<pause_queue>(post, "/queues/q/pause").queue, "q");
  CAF_CHECK_EQUAL(asked<resume_queue>(post, "/queues/q/resume").queue, "q");
  CAF_CHECK_EQUAL(asked<redrive_queue>(post, "/queues/q/redrive").limit, redrive_queue{}.limit);
  CAF_CHECK_EQUAL(asked<redrive_queue>(post, "/queues/q/redrive?limit=1").limit, 1u);
  CAF_CHECK_EQUAL(asked<revive_queue>(post, "/queues/q/revive").queue, "q");
  CAF_CHECK_EQUAL(asked<peek_messages>(get, "/queues/q/messages").n, peek_limits::messages_default);
  CAF_CHECK_EQUAL(asked<peek_messages>(get, "/queues/q/messages?n=100").n, 100u);
  auto id = to_text(some_lease.message);
  CAF_CHECK(asked<remove_message>(delete_, "/queues/q/messages/" + id).id == some_lease.message);
}

CAF_TEST(numbers out of range are refused with what to send instead) {
  for (auto* target :
       {"/queues?limit=0", "/queues?limit=1001", "/queues?limit=", "/queues?offset=-1", "/queues?offset=1.5",
        "/queues?limit=99999999999999999999", "/queues?sort=", "/queues?sort=memory",
        "/queues/q/messages?n=0", "/queues/q/messages?n=101", "/queues/q/messages?n=x"})
    CAF_CHECK(refused(get, target, http_reason::bad_parameter));
  for (auto* target :
       {"/queues/q/redrive?limit=0", "/queues/q/redrive?limit=x", "/queues/q/redrive?limit=-1"})
    CAF_CHECK(refused(post, target, http_reason::bad_parameter));
  CAF_CHECK_EQUAL(allowed(get, "/queues/q/redrive"), "POST, OPTIONS");
}

CAF_TEST(a lease is no id of a message) {
  CAF_CHECK(refused(delete_, "/queues/q/messages/" + to_text(some_lease), http_reason::no_such_message));
  CAF_CHECK(refused(delete_, "/queues/q/messages/x", http_reason::no_such_message));
  CAF_CHECK(refused(delete_, "/queues/a%0Ab/messages/x", http_reason::bad_name));
}

CAF_TEST(routes of operators have their methods and no others) {
  CAF_CHECK_EQUAL(allowed(post, "/queues"), "GET, HEAD, OPTIONS");
  CAF_CHECK_EQUAL(allowed(post, "/queues/q"), "GET, HEAD, DELETE, OPTIONS");
  CAF_CHECK_EQUAL(allowed(get, "/queues/q/purge"), "POST, OPTIONS");
  CAF_CHECK_EQUAL(allowed(get, "/queues/q/pause"), "POST, OPTIONS");
  CAF_CHECK_EQUAL(allowed(get, "/queues/q/resume"), "POST, OPTIONS");
  CAF_CHECK_EQUAL(allowed(post, "/queues/q/messages"), "GET, HEAD, OPTIONS");
  CAF_CHECK_EQUAL(allowed(get, "/queues/q/messages/id"), "DELETE, OPTIONS");
  for (auto* target :
       {"/queues/q/other", "/queues/q/other/id", "/queues/q/messages/id/more", "/queues//purge"})
    CAF_CHECK(refused(get, target, http_reason::no_such_route));
}
