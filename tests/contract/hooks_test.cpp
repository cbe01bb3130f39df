// The hook that keeps request headers with a message.
#define CAF_SUITE hooks

#include "tests/contract/compound.hpp"
#include "tests/contract/requests.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lmq::contract;

namespace {

std::string keep(std::string_view names) {
  return R"({"pre_http_push":[["lmq_hook_preserve_header",[)" + std::string(names) + "]]]}";
}

std::string properties_that_keep(std::string_view names, std::string_view more = "") {
  return R"({"hooks":)" + keep(names) + std::string(more) + "}";
}

} // namespace

CONTRACT("named request headers are kept and returned in lower case, others are dropped") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, properties_that_keep(R"("user-agent","x-trace")"));
  push_ok(client, name, "x", {{"User-Agent", "Test/1.0 (a; b)"}, {"X-TRACE", "a=1; b=2"}, {"x-other", "no"}});
  auto answer = pull_ok(client, name);
  expect_equal(header_of(answer, "user-agent"), "Test/1.0 (a; b)");
  expect_equal(header_of(answer, "x-trace"), "a=1; b=2");
  expect(!answer.has_header("x-other"), "kept a header that no hook names");
}

CONTRACT("a named header that the push does not have is not returned") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, properties_that_keep(R"("x-trace")"));
  push_ok(client, name, "x");
  expect(!pull_ok(client, name).has_header("x-trace"), "a header out of nothing");
}

CONTRACT("names in a hook compare in lower case") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, properties_that_keep(R"("X-Trace")"));
  push_ok(client, name, "x", {{"x-tRACE", "1"}});
  expect_equal(header_of(pull_ok(client, name), "x-trace"), "1");
}

CONTRACT("kept headers come with every delivery") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, properties_that_keep(R"("x-trace")"));
  push_ok(client, name, "x", {{"x-trace", "1"}});
  expect_nothing(settle(client, name, lease_of(pull_ok(client, name)), "nack"));
  expect_equal(header_of(pull_ok(client, name), "x-trace"), "1");
}

CONTRACT("kept headers stay with a message when the hooks change") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "a", {{"x-trace", "1"}});
  set_properties(client, name, properties_that_keep(R"("x-trace")"));
  push_ok(client, name, "b", {{"x-trace", "2"}});
  expect_nothing(client.request("DELETE", "/properties/" + name));
  expect(!pull_ok(client, name).has_header("x-trace"), "a hook looked back");
  expect_equal(header_of(pull_ok(client, name), "x-trace"), "2");
}

CONTRACT("kept headers stand in each part of a multipart compound, between type and encoding") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, properties_that_keep(R"("x-trace")", R"(,"accum":0.3)"));
  push_ok(client, name, "a", {{"x-trace", "1"}, {"content-type", "text/plain"}});
  push_ok(client, name, "b", {{"x-other", "2"}});
  push_ok(client, name, "c", {{"x-trace", "3"}});
  auto answer = pull_ok(client, name, "t=8");
  expect(!answer.has_header("x-trace"), "a part's header stands at the whole");
  expect_equal(answer.body,
               multipart_text(lease_of(answer),
                              {{{{"content-type", "text/plain"}, {"x-trace", "1"}}, "a"},
                               {{{"content-type", "application/octet-stream"}}, "b"},
                               {{{"content-type", "application/octet-stream"}, {"x-trace", "3"}}, "c"}}));
}

CONTRACT("kept headers stand in the header map of a msgpack compound") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, properties_that_keep(R"("x-trace")", R"(,"accum":0.1)"));
  push_ok(client, name, "a", {{"X-Trace", "1"}, {"content-type", "text/plain"}});
  auto parts = unpack_compound(pull_ok(client, name, "t=8&cf=msgpack").body);
  std::vector<compound_part> wanted{{{{"content-type", "text/plain"}, {"x-trace", "1"}}, "a"}};
  expect(parts == wanted, "other parts");
}

CONTRACT("a push to many keeps what each queue's hooks name") {
  auto client = http();
  auto keeping = fresh_name();
  auto dropping = fresh_name();
  push_ok(client, dropping, "first");
  set_properties(client, keeping, properties_that_keep(R"("x-trace")"));
  expect_status(
    client.request("POST", "/messages?qre=^(" + keeping + "|" + dropping + ")$", {{"x-trace", "1"}}, "x"),
    200);
  expect_equal(header_of(pull_ok(client, keeping), "x-trace"), "1");
  pull_ok(client, dropping);
  expect(!pull_ok(client, dropping).has_header("x-trace"), "kept without a hook");
}

CONTRACT("hooks print as they were set, in their alphabetical place") {
  auto client = http();
  auto name = fresh_name();
  set_properties(client, name, properties_that_keep(R"("User-Agent","x-trace")", R"(,"retry":1)"));
  expect_equal(properties_text(client, name),
               R"({"accum":0,"hooks":)" + keep(R"("User-Agent","x-trace")") + R"(,"retry":1,"timeout":30})");
}

CONTRACT("hooks may come from a rule") {
  auto client = http();
  auto name = fresh_name();
  auto rules = R"([["^)" + name + R"($",{"hooks":)" + keep(R"("x-trace")") + "}]]";
  expect_nothing(client.request("PUT", "/properties", {}, rules));
  expect_json(client.request("GET", "/properties"), rules);
  push_ok(client, name, "x", {{"x-trace", "1"}});
  expect_equal(header_of(pull_ok(client, name), "x-trace"), "1");
  expect_nothing(client.request("DELETE", "/properties"));
}

CONTRACT("an unknown hook or point is refused and changes nothing") {
  auto client = http();
  auto name = fresh_name();
  auto patch = [&](std::string_view json) {
    return client.request("PATCH", "/properties/" + name, {}, json);
  };
  expect_refused(patch(R"({"retry":1,"hooks":{"pre_http_push":[["no_such_hook",[]]]}})"), 400,
                 "unknown_hook");
  expect_refused(patch(R"({"retry":1,"hooks":{"no_such_point":[["lmq_hook_preserve_header",["a"]]]}})"), 400,
                 "unknown_hook");
  expect_equal(properties_text(client, name), R"({"accum":0,"retry":2,"timeout":30})");
}

CONTRACT("hooks of a wrong shape are refused") {
  auto client = http();
  auto name = fresh_name();
  for (auto* bad : {"1", "[]", "null", R"("lmq_hook_preserve_header")", R"({"pre_http_push":1})",
                    R"({"pre_http_push":["lmq_hook_preserve_header"]})",
                    R"({"pre_http_push":[["lmq_hook_preserve_header"]]})",
                    R"({"pre_http_push":[["lmq_hook_preserve_header","x-trace"]]})",
                    R"({"pre_http_push":[["lmq_hook_preserve_header",[1]]]})", R"({"pre_http_push":[[]]})"})
    expect_status(client.request("PATCH", "/properties/" + name, {}, R"({"hooks":)" + std::string(bad) + "}"),
                  400);
  expect_equal(properties_text(client, name), R"({"accum":0,"retry":2,"timeout":30})");
}

CONTRACT("a message goes on with the trace that it was pushed in, without any hook and once beside one") {
  const std::string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x", {{"traceparent", parent}, {"tracestate", "a=1"}, {"baggage", "no"}});
  push_ok(client, name, "y", {{"traceparent", "made up"}, {"tracestate", "a=1"}});
  auto first = pull_ok(client, name);
  expect_equal(header_of(first, "traceparent"), parent);
  expect_equal(header_of(first, "tracestate"), "a=1");
  expect(!first.has_header("baggage"), "kept a header that nobody asked for");
  auto second = pull_ok(client, name);
  expect(!second.has_header("traceparent") && !second.has_header("tracestate"), "kept what is no trace");
  set_properties(client, name, properties_that_keep(R"("traceparent","baggage")"));
  push_ok(client, name, "z", {{"traceparent", parent}, {"baggage", "b"}});
  auto third = pull_ok(client, name);
  expect_equal(header_of(third, "traceparent"), parent);
  expect_equal(header_of(third, "baggage"), "b");
  expect(third.raw.find("traceparent") == third.raw.rfind("traceparent"), "the trace stands twice");
}

CONTRACT("a trace stays with its message: again, by qre, in a compound, as a dead letter, after a kill") {
  const http_headers traced{{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
                            {"tracestate", "a=1,b=2"}};
  auto expect_traced = [&](const http_response& answer, here at = here::current()) {
    for (const auto& [header, value] : traced)
      expect_equal(header_of(answer, header, at), value, at);
  };
  temporary_folder folder;
  {
    server_process server{{.data_dir = folder.path("data")}};
    http_client client{server.http_port()};
    set_properties(client, "q", R"({"retry":1,"dead_letter":"dead"})");
    expect_json(client.request("POST", "/messages?qre=^q$", traced, "x"), R"({"q":{"accum":"no"}})");
    server.kill();
  }
  server_process server{{.data_dir = folder.path("data")}};
  http_client client{server.http_port()};
  for (int deliveries = 0; deliveries < 2; ++deliveries) {
    auto delivered = pull_ok(client, "q");
    expect_traced(delivered);
    expect_status(settle(client, "q", lease_of(delivered), "nack"), 204);
  }
  expect_traced(pull_ok(client, "dead", "t=10"));
  set_properties(client, "window", R"({"accum":0.01})");
  push_ok(client, "window", "z", traced);
  auto compound = pull_ok(client, "window", "t=10&cf=multipart");
  for (const auto& [header, value] : traced)
    expect(compound.body.find("\r\n" + header + ": " + value + "\r\n") != std::string::npos, compound.body);
}
