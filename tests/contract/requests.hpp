// The routes as short calls, and what every answer must be like. Free functions over a client.
#pragma once

#include "tests/contract/contract_case.hpp"
#include "tests/support/json_check.hpp"

namespace lmq::contract {

// Requests. A name stands in the target as it is given: callers encode what needs it.

http_response push(http_client& client, std::string_view name, std::string_view body,
                   const http_headers& headers = {});
http_response pull(http_client& client, std::string_view name, std::string_view query = "t=0");
http_response settle(http_client& client, std::string_view name, std::string_view lease,
                     std::string_view reply);

// Requests that must succeed, or the case breaks off.

void push_ok(http_client& client, std::string_view name, std::string_view body,
             const http_headers& headers = {}, here at = here::current());
http_response pull_ok(http_client& client, std::string_view name, std::string_view query = "t=0",
                      here at = here::current());
void set_properties(http_client& client, std::string_view name, std::string_view json,
                    here at = here::current());

/// The value of GET /properties/:name, as text.
std::string properties_text(http_client& client, std::string_view name, here at = here::current());

/// The value of GET /stats.
nlohmann::ordered_json stats(http_client& client, here at = here::current());

/// Whether GET /stats knows a queue of this name.
bool queue_exists(http_client& client, const std::string& name);

// What an answer must be like.

void expect_status(const http_response& answer, int status, here at = here::current());

/// 200 with exactly this body, as compact JSON.
void expect_json(const http_response& answer, std::string_view body, here at = here::current());

/// 204, and nothing that only an answer with a body has.
void expect_nothing(const http_response& answer, here at = here::current());

/// A refusal as they all are: this status, and `{"error":reason,"message":text}`.
void expect_refused(const http_response& answer, int status, std::string_view reason,
                    here at = here::current());

/// A header of a delivery, spelled exactly so.
std::string header_of(const http_response& answer, std::string_view name, here at = here::current());

inline std::string lease_of(const http_response& answer, here at = here::current()) {
  return header_of(answer, "x-lmq-message-id", at);
}

inline std::string retry_remaining_of(const http_response& answer, here at = here::current()) {
  return header_of(answer, "x-lmq-retry-remaining", at);
}

} // namespace lmq::contract
