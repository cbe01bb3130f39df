// Short calls and common checks; see the header.
#include "tests/contract/requests.hpp"

namespace lmq::contract {

http_response push(http_client& client, std::string_view name, std::string_view body,
                   const http_headers& headers) {
  return client.request("POST", "/messages/" + std::string(name), headers, body);
}

http_response pull(http_client& client, std::string_view name, std::string_view query) {
  return client.request("GET", "/messages/" + std::string(name) + "?" + std::string(query));
}

http_response settle(http_client& client, std::string_view name, std::string_view lease,
                     std::string_view reply) {
  std::string target = "/messages/";
  target.append(name).append("/").append(lease).append("?reply=").append(reply);
  return client.request("POST", target);
}

void push_ok(http_client& client, std::string_view name, std::string_view body, const http_headers& headers,
             here at) {
  auto answer = push(client, name, body, headers);
  require(answer.status == 200, "push was answered " + answer.raw, at);
}

http_response pull_ok(http_client& client, std::string_view name, std::string_view query, here at) {
  auto answer = pull(client, name, query);
  require(answer.status == 200, "pull was answered " + answer.raw, at);
  return answer;
}

void set_properties(http_client& client, std::string_view name, std::string_view json, here at) {
  auto answer = client.request("PATCH", "/properties/" + std::string(name), {}, json);
  require(answer.status == 204, "PATCH was answered " + answer.raw, at);
}

std::string properties_text(http_client& client, std::string_view name, here at) {
  auto answer = client.request("GET", "/properties/" + std::string(name));
  require(answer.status == 200, "GET of properties was answered " + answer.raw, at);
  expect_equal(answer.header("content-type").value_or("none"), "application/json", at);
  return answer.body;
}

nlohmann::ordered_json stats(http_client& client, here at) {
  auto answer = client.request("GET", "/stats");
  require(answer.status == 200, "GET /stats was answered " + answer.raw, at);
  return parse_json(answer.body);
}

bool queue_exists(http_client& client, const std::string& name) {
  return stats(client).at("queues").contains(name);
}

void expect_status(const http_response& answer, int status, here at) {
  expect(answer.status == status, "wanted status " + std::to_string(status) + ", was answered " + answer.raw,
         at);
}

void expect_json(const http_response& answer, std::string_view body, here at) {
  expect_status(answer, 200, at);
  expect_equal(answer.header("content-type").value_or("none"), "application/json", at);
  expect_equal(answer.body, body, at);
}

void expect_nothing(const http_response& answer, here at) {
  expect_status(answer, 204, at);
  expect(!answer.has_header("content-length") && !answer.has_header("transfer-encoding") &&
           !answer.has_header("content-type"),
         "a 204 speaks of a body: " + answer.raw, at);
}

void expect_refused(const http_response& answer, int status, std::string_view reason, here at) {
  expect_status(answer, status, at);
  expect_equal(answer.header("content-type").value_or("none"), "application/json", at);
  expect(is_compact_json(answer.body), "blanks in " + answer.body, at);
  auto refusal = nlohmann::json::parse(answer.body, nullptr, false);
  require(refusal.is_object() && refusal.size() == 2 && refusal.contains("error") &&
            refusal.contains("message") && refusal["error"].is_string() && refusal["message"].is_string(),
          "not the shape of a refusal: " + answer.raw, at);
  expect_equal(refusal["error"].get<std::string>(), reason, at);
  expect(!refusal["message"].get<std::string>().empty(), "a refusal without a message", at);
}

std::string header_of(const http_response& answer, std::string_view name, here at) {
  auto value = answer.header(name);
  require(value.has_value(), "no header " + std::string(name) + " in " + answer.raw, at);
  return *value;
}

} // namespace lmq::contract
