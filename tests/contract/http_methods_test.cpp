// Methods: which are allowed where, and what the others are answered.
#define CAF_SUITE http_methods

#include "tests/contract/requests.hpp"

#include <algorithm>

using namespace lmq::contract;

namespace {

bool allows(const http_response& answer, std::string_view method) {
  std::string list = header_of(answer, "allow");
  std::replace(list.begin(), list.end(), ',', ' ');
  std::istringstream words(list);
  for (std::string word; words >> word;)
    if (word == method)
      return true;
  return false;
}

} // namespace

CONTRACT("another method is 405 and says which are allowed") {
  struct route {
    const char* target;
    std::vector<const char*> allowed;
  };
  auto client = http();
  for (auto& [target, allowed] : std::vector<route>{{"/messages/a", {"GET", "POST"}},
                                                    {"/messages", {"GET", "POST"}},
                                                    {"/messages/a/b", {"POST"}},
                                                    {"/queues", {"GET"}},
                                                    {"/queues/a", {"GET", "DELETE"}},
                                                    {"/queues/a/purge", {"POST"}},
                                                    {"/queues/a/pause", {"POST"}},
                                                    {"/queues/a/resume", {"POST"}},
                                                    {"/queues/a/messages", {"GET"}},
                                                    {"/queues/a/messages/b", {"DELETE"}},
                                                    {"/properties", {"GET", "PUT", "DELETE"}},
                                                    {"/properties/a", {"GET", "PATCH", "DELETE"}},
                                                    {"/stats", {"GET"}},
                                                    {"/cluster", {"GET"}},
                                                    {"/cluster/join", {"POST"}},
                                                    {"/cluster/leave", {"POST"}},
                                                    {"/cluster/members/a", {"DELETE"}},
                                                    {"/openapi.json", {"GET"}}}) {
    auto options = client.request("OPTIONS", target);
    expect_nothing(options);
    for (auto* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "BREW"}) {
      auto is_allowed =
        std::any_of(allowed.begin(), allowed.end(), [&](auto* x) { return same_name(x, method); });
      expect(allows(options, method) == is_allowed,
             std::string(target) + " allows " + header_of(options, "allow"));
      if (is_allowed)
        continue;
      auto answer = client.request(method, target);
      expect_refused(answer, 405, "method_not_allowed");
      expect_equal(header_of(answer, "allow"), header_of(options, "allow"));
    }
  }
}

CONTRACT("OPTIONS of an unknown route is 404") {
  auto client = http();
  expect_refused(client.request("OPTIONS", "/nothing"), 404, "no_such_route");
}

CONTRACT("HEAD is 405 where GET would lease, and leases nothing") {
  auto client = http();
  auto name = fresh_name();
  push_ok(client, name, "x");
  for (auto& target : {"/messages/" + name + "?t=0", "/messages?t=0&qre=" + name}) {
    auto answer = client.request("HEAD", target);
    expect_status(answer, 405);
    expect(answer.has_header("allow"), "no allow");
  }
  expect_equal(retry_remaining_of(pull_ok(client, name)), "2");
}

CONTRACT("HEAD elsewhere is GET without the body") {
  auto client = http();
  for (auto* target : {"/stats", "/properties", "/properties/a", "/openapi.json"}) {
    auto answer = client.request("HEAD", target);
    expect_status(answer, 200);
    expect_equal(answer.header("content-type").value_or("none"), "application/json");
    expect_status(client.request("GET", target), 200);
  }
}
