// GET /openapi.json: the description and the server say the same.
#define CAF_SUITE openapi

#include "tests/contract/requests.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

using namespace lmq::contract;
using json = nlohmann::ordered_json;

namespace {

using routes = std::map<std::string, std::set<std::string>>;

json description(http_client& client) {
  auto answer = client.request("GET", "/openapi.json");
  require(answer.status == 200, "was answered " + answer.raw);
  return parse_json(answer.body);
}

/// "/messages/{name}/{id}" with every parameter replaced.
std::string with_parameters(const std::string& path, std::string_view value) {
  std::string out;
  bool in_parameter = false;
  for (char c : path) {
    if (c == '{')
      out += value;
    in_parameter = c == '{' || (in_parameter && c != '}');
    if (!in_parameter && c != '}')
      out += c;
  }
  return out;
}

routes described_routes(const json& document) {
  const std::set<std::string> methods{"GET", "PUT", "POST", "DELETE", "PATCH"};
  routes out;
  for (auto& [path, operations] : document["paths"].items()) {
    for (auto& [key, operation] : operations.items()) {
      std::string method = key;
      std::transform(method.begin(), method.end(), method.begin(),
                     [](unsigned char c) { return std::toupper(c); });
      if (methods.contains(method))
        out[path].insert(method);
    }
  }
  return out;
}

/// The methods in an `allow` header that have a meaning of their own.
std::set<std::string> methods_of(std::string allow) {
  std::replace(allow.begin(), allow.end(), ',', ' ');
  std::istringstream words(allow);
  std::set<std::string> out;
  for (std::string word; words >> word;)
    if (word != "OPTIONS" && word != "HEAD")
      out.insert(word);
  return out;
}

} // namespace

CONTRACT("the description is JSON, and OpenAPI 3.1") {
  auto client = http();
  auto answer = client.request("GET", "/openapi.json");
  expect_status(answer, 200);
  expect_equal(answer.header("content-type").value_or("none"), "application/json");
  auto document = parse_json(answer.body);
  expect_equal(document.value("openapi", "none").substr(0, 4), "3.1.");
  expect(document["info"].contains("title") && document["info"].contains("version"), "no title or version");
}

CONTRACT("the description has every route and method of the API") {
  auto client = http();
  routes described;
  for (auto& [path, methods] : described_routes(description(client)))
    described[with_parameters(path, "*")] = methods;
  const routes wanted{{"/messages/*", {"GET", "POST"}},
                      {"/messages", {"GET", "POST"}},
                      {"/messages/*/*", {"POST"}},
                      {"/queues", {"GET"}},
                      {"/queues/*", {"DELETE", "GET"}},
                      {"/queues/*/purge", {"POST"}},
                      {"/queues/*/pause", {"POST"}},
                      {"/queues/*/resume", {"POST"}},
                      {"/queues/*/messages", {"GET"}},
                      {"/queues/*/messages/*", {"DELETE"}},
                      {"/queues/*/revive", {"POST"}},
                      {"/queues/*/redrive", {"POST"}},
                      {"/health", {"GET"}},
                      {"/cluster", {"GET"}},
                      {"/cluster/join", {"POST"}},
                      {"/cluster/leave", {"POST"}},
                      {"/cluster/members/*", {"DELETE"}},
                      {"/backup", {"POST"}},
                      {"/properties", {"DELETE", "GET", "PUT"}},
                      {"/properties/*", {"DELETE", "GET", "PATCH"}},
                      {"/stats", {"GET"}},
                      {"/metrics", {"GET"}}};
  for (auto& [path, methods] : wanted)
    expect(described[path] == methods, "not described as it is: " + path);
}

CONTRACT("every described method is answered, and every answered method is described") {
  auto client = http();
  for (auto& [path, methods] : described_routes(description(client))) {
    auto target = with_parameters(path, "of_the_description");
    expect(methods_of(header_of(client.request("OPTIONS", target), "allow")) == methods,
           "other methods: " + path);
    for (auto& method : methods) {
      auto answer = client.request(method, target + "?t=0&qre=^of_the_description$&reply=ack");
      expect(answer.status != 405 &&
               (answer.status != 404 || answer.body.find("no_such_route") == std::string::npos),
             std::string(method).append(" ").append(path).append(" was answered ").append(answer.raw));
    }
  }
}

CONTRACT("every operation says what it answers, and every reference leads somewhere") {
  auto client = http();
  auto document = description(client);
  for (auto& [path, operations] : document["paths"].items())
    for (auto& [method, operation] : operations.items())
      if (method != "parameters" && method != "summary" && method != "description")
        expect(operation.contains("responses") && !operation["responses"].empty(),
               std::string("no answers: ").append(method).append(" ").append(path));
  auto leaves = document.flatten();
  for (auto& [pointer, value] : leaves.items()) {
    if (!pointer.ends_with("/$ref"))
      continue;
    auto target = value.get<std::string>();
    expect(target.starts_with("#/") && document.contains(json::json_pointer(target.substr(1))),
           "leads nowhere: " + target);
  }
}

CONTRACT("every parameter in a path is described") {
  auto client = http();
  auto document = description(client);
  for (auto& [path, operations] : document["paths"].items()) {
    auto opens = std::count(path.begin(), path.end(), '{');
    for (auto& [method, operation] : operations.items()) {
      if (method == "parameters")
        continue;
      decltype(opens) count = 0;
      for (auto* place : {&operations, &operation})
        for (auto& parameter : place->value("parameters", json::array())) {
          auto& real = parameter.contains("$ref")
                         ? document.at(json::json_pointer(parameter["$ref"].get<std::string>().substr(1)))
                         : parameter;
          count += real.value("in", "") == "path" ? 1 : 0;
        }
      expect_equal(count, opens);
    }
  }
}
