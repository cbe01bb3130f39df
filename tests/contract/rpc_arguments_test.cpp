// Methods that are none, arguments of the wrong number and type, and every type that a string may have.
#define CAF_SUITE rpc_arguments

#include "tests/contract/requests.hpp"
#include "tests/contract/rpc_calls.hpp"

using namespace lmq::contract;

namespace {

/// A call with arguments that would do, to be spoilt.
struct usual_call {
  const char* method;
  rpc_params params;
  std::size_t fewest; ///< arguments that it takes
};

std::vector<usual_call> usual_calls(const std::string& name) {
  return {{"push", {name, "x"}, 2},
          {"pull", {name, 0}, 1},
          {"push_all", {"^" + name + "$", "x"}, 2},
          {"pull_any", {"^" + name + "$", 0}, 1},
          {"done", {name, "0"}, 2},
          {"retain", {name, "0"}, 2},
          {"release", {name, "0"}, 2},
          {"delete", {name}, 1},
          {"update_props", {name, map({})}, 1},
          {"set_default_props", {array({})}, 1},
          {"get_default_props", {}, 0}};
}

const std::vector<packed> no_strings{
  nullptr, true, false, 0, -1, 1.5, array({}), array({"x"}), map({}), packed::of_bytes(from_hex("d4 01 78"))};

} // namespace

CONTRACT("an unknown method is undef") {
  auto client = rpc();
  for (std::string_view method : {"", "Push", "pushed", "push ", "ack", "stats", "module_info", "props"})
    for (auto& params : {rpc_params{}, rpc_params{fresh_name()}, rpc_params{fresh_name(), "x"}})
      expect_error(client.call(method, params), "undef");
  expect_error(client.call(std::string(100'000, 'x')), "undef");
  expect_error(client.call(std::string("push\0", 5), {fresh_name(), "x"}), "undef");
}

CONTRACT("a wrong number of arguments is undef, and nothing is done") {
  auto client = rpc();
  auto observer = http();
  auto name = fresh_name();
  for (auto& usual : usual_calls(name)) {
    auto params = usual.params;
    params.emplace_back("one more");
    expect_error(client.call(usual.method, params), "undef");
    params.insert(params.end(), 100, nullptr);
    expect_error(client.call(usual.method, params), "undef");
    if (usual.fewest > 0) {
      params.resize(usual.fewest - 1);
      expect_error(client.call(usual.method, params), "undef");
    }
  }
  expect(!queue_exists(observer, name), "a refused call made a queue");
}

CONTRACT("a name, a pattern or an id that is no string is badarg, and nothing is done") {
  auto client = rpc();
  auto name = fresh_name();
  for (auto& wrong : no_strings) {
    for (auto& usual : usual_calls(fresh_name())) {
      if (usual.params.empty() || usual.method == std::string_view{"set_default_props"})
        continue;
      auto params = usual.params;
      params[0] = wrong;
      expect_error(client.call(usual.method, params), "badarg");
    }
    for (auto* method : {"done", "retain", "release"})
      expect_error(client.call(method, {name, wrong}), "badarg");
  }
}

CONTRACT("a timeout that is no number of seconds is badarg, and leases nothing") {
  auto client = rpc();
  auto name = fresh_name();
  push_ok(client, name, "x");
  std::vector<packed> wrong{nullptr,
                            true,
                            "1",
                            bin("1"),
                            array({1}),
                            map({}),
                            -1,
                            -0.001,
                            INT64_MIN,
                            packed::of_bytes(from_hex("cb 7f f8 00 00 00 00 00 00")),  // not a number
                            packed::of_bytes(from_hex("cb ff f0 00 00 00 00 00 00"))}; // minus infinity
  for (auto& timeout : wrong) {
    expect_error(client.call("pull", {name, timeout}), "badarg");
    expect_error(client.call("pull_any", {"^" + name + "$", timeout}), "badarg");
  }
  expect_equal(pull_ok(client, name).retry, 2);
}

CONTRACT("a name that no queue can have is badarg") {
  auto client = rpc();
  for (auto& wrong :
       {std::string{}, std::string(256, 'x'), std::string{"a\nb"}, std::string{"\0", 1}, std::string{"\x7f"}})
    for (auto& usual : usual_calls(fresh_name())) {
      std::string_view method = usual.method;
      if (usual.params.empty() || method.ends_with("_all") || method.ends_with("_any") ||
          method == "set_default_props")
        continue;
      auto params = usual.params;
      params[0] = wrong;
      expect_error(client.call(usual.method, params), "badarg");
    }
}

CONTRACT("a name has 1 to 255 bytes of any kind but control characters, and comes back as it was") {
  auto client = rpc();
  for (auto& name :
       {std::string{"q"}, std::string{"schema"}, std::string{"__lmq_info__"}, std::string{"a b/c%2F+?#"},
        std::string{"\xe5\xbe\x85\xe3\x81\xa1"}, std::string{"\xff\x80"}, std::string(31, 'n'),
        std::string(32, 'n'), std::string(200, 'n'), std::string(255, 'n')}) {
    push_ok(client, name, "x");
    auto message = pull_ok(client, name);
    expect_equal(message.queue, name);
    expect_ok(client.call("done", {name, message.id}));
  }
}

CONTRACT("names, patterns, ids and methods may be str, bin or the old raw") {
  auto client = rpc();
  auto name = fresh_name() + std::string(40, 'n'); // long enough for str8
  std::vector<packed (*)(std::string_view)> forms{[](std::string_view text) { return packed{text}; }, &bin,
                                                  &raw};
  for (auto* as : forms) {
    expect_ok(client.call(as("push"), {as(name), "x"}));
    expect_ok(client.call(as("push_all"), {as("^" + name + "$"), "x"}));
    auto first = message_in(client.call(as("pull"), {as(name), 0})).value();
    auto second = message_in(client.call(as("pull_any"), {as("^" + name + "$"), 0})).value();
    expect_equal(second.queue, name);
    expect_ok(client.call(as("done"), {as(name), as(first.id)}));
    expect_ok(client.call(as("retain"), {as(name), as(second.id)}));
    expect_ok(client.call(as("update_props"), {as(name), map({{as("pack"), 0}})}));
    expect_ok(client.call(as("delete"), {as(name)}));
  }
}

CONTRACT("strings may be longer than they need to be") {
  auto client = rpc();
  auto name = fresh_name();
  auto long_form = [](std::string_view text) {
    return packed::of_bytes(std::string("\xdb\0\0\0", 4) + static_cast<char>(text.size()) +
                            std::string(text));
  };
  expect_ok(client.call(long_form("push"), {long_form(name), "x"}));
  expect_equal(pull_ok(client, name).queue, name);
}
