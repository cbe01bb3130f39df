// Properties and rules over RPC: merged, reset, refused, printed; the window is called pack.
#define CAF_SUITE rpc_properties

#include "tests/contract/requests.hpp"
#include "tests/contract/rpc_calls.hpp"

using namespace lmq::contract;

namespace {

/// What a queue of this name would have, as HTTP prints it.
nlohmann::json in_force(const std::string& name) {
  auto client = http();
  return nlohmann::json::parse(properties_text(client, name));
}

/// Property maps of which nothing may be taken over.
std::vector<packed> bad_properties() {
  return {map({{"retry", 7}, {"pack", "10"}}),
          map({{"retry", 7}, {"timeout", "10"}}),
          map({{"retry", 7}, {"timeout", nullptr}}),
          map({{"retry", 7}, {"timeout", true}}),
          map({{"retry", 7}, {"timeout", -1}}),
          map({{"retry", 7}, {"pack", -0.5}}),
          map({{"retry", 7}, {"unknown", 1}}),
          map({{"retry", 7}, {"Timeout", 1}}),
          map({{"retry", 7}, {"", 1}}),
          map({{"retry", 7}, {1, 1}}),
          map({{"retry", 7}, {nullptr, 1}}),
          map({{"timeout", 7}, {"retry", -1}}),
          map({{"timeout", 7}, {"retry", 1.5}}),
          map({{"timeout", 7}, {"retry", "2"}}),
          map({{"timeout", 7}, {"retry", UINT64_MAX}}),
          map({{"timeout", 7}, {"hooks", 1}}),
          map({{"timeout", 7}, {"hooks", map({{"no_such_point", array({})}})}})};
}

const packed pattern_of_nobody{"^no queue of this name$"};

packed rule(const packed& pattern, const packed& properties) {
  return array({pattern, properties});
}

} // namespace

CONTRACT("update_props answers ok, merges, and creates the queue") {
  auto client = rpc();
  auto observer = http();
  auto name = fresh_name();
  expect_ok(client.call("update_props", {name, map({{"retry", 5}})}));
  expect(queue_exists(observer, name), "no queue was created");
  expect_ok(client.call("update_props", {name, map({{"retry", 3.0}, {"max_messages", 1e9}})}));
  expect_equal(properties_text(observer, name),
               R"({"accum":0,"max_messages":1000000000,"retry":3,"timeout":30})");
  expect_ok(client.call("update_props", {name, map({{"retry", 5}})}));
  expect_ok(client.call("update_props", {name, map({{"timeout", 1.5}, {"pack", 0.25}})}));
  auto found = in_force(name);
  expect_equal(found.at("retry"), 5);
  expect_equal(found.at("timeout"), 1.5);
  expect_equal(found.at("accum"), 0.25);
}

CONTRACT("without properties update_props resets, and creates the queue") {
  auto client = rpc();
  auto observer = http();
  auto name = fresh_name();
  expect_ok(client.call("update_props", {name, map({{"retry", 5}, {"pack", 9}})}));
  expect_ok(client.call("update_props", {name}));
  expect_equal(properties_text(observer, name), R"({"accum":0,"retry":2,"timeout":30})");
  auto other = fresh_name();
  expect_ok(client.call("update_props", {other}));
  expect(queue_exists(observer, other), "no queue was created");
}

CONTRACT("an empty map changes nothing") {
  auto client = rpc();
  auto name = fresh_name();
  expect_ok(client.call("update_props", {name, map({{"retry", 5}})}));
  expect_ok(client.call("update_props", {name, map({})}));
  expect_equal(in_force(name).at("retry"), 5);
}

CONTRACT("numbers of properties may have any width and kind that keeps their value") {
  auto client = rpc();
  auto name = fresh_name();
  for (auto* three : {"03", "cc 03", "cd 00 03", "ce 00 00 00 03", "cf 00 00 00 00 00 00 00 03", "d0 03",
                      "d1 00 03", "d2 00 00 00 03", "d3 00 00 00 00 00 00 00 03"}) {
    auto value = packed::of_bytes(from_hex(three));
    expect_ok(client.call("update_props", {name}));
    expect_ok(
      client.call("update_props", {name, map({{"pack", value}, {"retry", value}, {"timeout", value}})}));
    expect_equal(properties_text(*std::make_unique<http_client>(server().http_port()), name),
                 R"({"accum":3,"retry":3,"timeout":3})");
  }
  expect_ok(
    client.call("update_props", {name, map({{"timeout", packed::of_bytes(from_hex("ca 3e 80 00 00"))}})}));
  expect_equal(in_force(name).at("timeout"), 0.25);
}

CONTRACT("a bad property is invalid and changes nothing, also beside good ones") {
  auto client = rpc();
  auto observer = http();
  auto name = fresh_name();
  for (auto& properties : bad_properties())
    expect_error(client.call("update_props", {name, properties}), "invalid");
  expect(!queue_exists(observer, name), "a refused call made a queue");
  expect_equal(properties_text(observer, name), R"({"accum":0,"retry":2,"timeout":30})");
}

CONTRACT("get_default_props answers the rules in their order and with their values") {
  auto client = rpc();
  auto rules = array({rule(pattern_of_nobody, map({{"pack", 10}, {"retry", 3}})),
                      rule("^neither this$", map({{"timeout", 0.5}})), rule("^nor this$", map({}))});
  expect_ok(client.call("set_default_props", {rules}));
  auto answer = client.call("get_default_props");
  expect(!answer.is_error(), "an error");
  auto found = answer.result.elements();
  require(found.size() == 3, "not three rules");
  expect_equal(found[0], rule(raw("^no queue of this name$"), map({{"pack", 10}, {"retry", 3}})));
  expect_equal(found[1].elements().at(0), packed{"^neither this$"});
  auto properties = found[1].elements().at(1).members();
  require(properties.size() == 1, "not one property");
  expect_equal(properties[0].first, packed{"timeout"});
  expect_equal(properties[0].second, packed{0.5});
  expect_equal(found[2], rule("^nor this$", map({})));
  expect_ok(client.call("set_default_props", {array({})}));
  expect_result(client.call("get_default_props"), array({}));
}

CONTRACT("a pattern in get_default_props is a string that clients of every age can read") {
  auto client = rpc();
  for (std::size_t size : {31U, 32U, 40U, 200U, 255U, 256U, 1000U}) {
    std::string pattern(size, 'p');
    expect_ok(client.call("set_default_props", {array({rule(pattern, map({}))})}));
    auto answer = client.call("get_default_props");
    expect_equal(answer.result.elements().at(0).elements().at(0).text(), pattern);
  }
  expect_ok(client.call("set_default_props", {array({})}));
}

CONTRACT("set_default_props replaces the whole list, and live queues follow at once") {
  auto client = rpc();
  auto name = fresh_name();
  push_ok(client, name, "x");
  expect_ok(client.call("set_default_props", {array({rule("^" + name + "$", map({{"retry", 5}}))})}));
  expect_equal(in_force(name).at("retry"), 5);
  expect_ok(client.call("set_default_props", {array({rule("^" + name + "$", map({{"timeout", 5}}))})}));
  expect_equal(in_force(name).at("retry"), 2);
  expect_equal(in_force(name).at("timeout"), 5);
  expect_ok(client.call("set_default_props", {array({})}));
}

CONTRACT("rules of a wrong shape are invalid and change nothing") {
  auto client = rpc();
  auto kept = array({rule(pattern_of_nobody, map({{"retry", 3}}))});
  expect_ok(client.call("set_default_props", {kept}));
  std::vector<packed> wrong{array({1}),
                            array({"x"}),
                            array({nullptr}),
                            array({array({})}),
                            array({array({"x"})}),
                            array({array({"x", map({}), 1})}),
                            array({array({1, map({})})}),
                            array({array({"x", array({})})}),
                            array({array({"x", 1})}),
                            array({rule("good", map({})), array({"x"})})};
  for (auto& properties : bad_properties())
    wrong.push_back(array({rule("good", map({})), rule("x", properties)}));
  for (auto& rules : wrong)
    expect_error(client.call("set_default_props", {rules}), "invalid");
  expect_result(client.call("get_default_props"), kept);
  expect_ok(client.call("set_default_props", {array({})}));
}

CONTRACT("a rule with a bad pattern is invalid_regexp and changes nothing") {
  auto client = rpc();
  auto kept = array({rule(pattern_of_nobody, map({{"retry", 3}}))});
  expect_ok(client.call("set_default_props", {kept}));
  for (auto* pattern : {"(", "(?=a)", "(a)\\1"})
    expect_error(client.call("set_default_props", {array({rule("good", map({})), rule(pattern, map({}))})}),
                 "invalid_regexp");
  expect_result(client.call("get_default_props"), kept);
  expect_ok(client.call("set_default_props", {array({})}));
}

CONTRACT("properties and rules that are no map and no list are refused and change nothing") {
  auto client = rpc();
  auto observer = http();
  auto name = fresh_name();
  auto refused_call = [](const rpc_answer& answer) {
    expect(answer.error == packed{"invalid"} || answer.error == packed{"badarg"}, "not refused");
  };
  for (auto& wrong : {packed{1}, packed{nullptr}, packed{"retry"}, packed{true}}) {
    refused_call(client.call("update_props", {name, wrong}));
    refused_call(client.call("set_default_props", {wrong}));
  }
  refused_call(client.call("set_default_props", {map({})}));
  expect(!queue_exists(observer, name), "a refused call made a queue");
  expect_result(client.call("get_default_props"), array({}));
}

CONTRACT("what one API sets the other shows, the window by its own name") {
  auto client = rpc();
  auto observer = http();
  expect_status(observer.request("PUT", "/properties", {}, R"([["^nobody$",{"accum":10,"retry":3}]])"), 204);
  expect_result(client.call("get_default_props"),
                array({rule("^nobody$", map({{"pack", 10}, {"retry", 3}}))}));
  expect_ok(client.call("set_default_props", {array({rule("^nobody$", map({{"pack", 20}}))})}));
  expect_json(observer.request("GET", "/properties"), R"([["^nobody$",{"accum":20}]])");
  expect_status(observer.request("DELETE", "/properties"), 204);
  expect_result(client.call("get_default_props"), array({}));
}

CONTRACT("hooks set over RPC keep the headers of what HTTP pushes") {
  auto client = rpc();
  auto observer = http();
  auto name = fresh_name();
  auto hooks = map({{"pre_http_push", array({array({"lmq_hook_preserve_header", array({"user-agent"})})})}});
  expect_ok(client.call("update_props", {name, map({{"hooks", hooks}})}));
  push_ok(observer, name, "x", {{"user-agent", "somebody"}});
  expect_equal(header_of(pull_ok(observer, name), "user-agent"), "somebody");
}
