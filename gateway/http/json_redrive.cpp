#include "gateway/http/json_redrive.hpp"

#include "gateway/http/json_number.hpp"
#include "gateway/request.hpp"

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace lmq {

tl::expected<std::uint64_t, http_refusal> parse_redrive(std::string_view text) {
  auto no = [](http_reason why, std::string message) {
    return tl::unexpected<http_refusal>(http_refusal{why, std::move(message)});
  };
  const auto all = redrive_queue{}.limit;
  if (text.empty())
    return all;
  auto document = nlohmann::json::parse(text, nullptr, false);
  if (!document.is_object() || document.size() > 1 || (document.size() == 1 && !document.contains("limit")))
    return no(http_reason::bad_json,
              "send how many dead letters may go back, as {\"limit\":100}, or nothing for all of them");
  if (document.empty())
    return all;
  auto limit = json_whole_number(document["limit"], std::numeric_limits<std::uint64_t>::max());
  if (limit.value_or(0) == 0)
    return no(http_reason::bad_parameter, "limit: send a whole number from 1");
  return *limit;
}

} // namespace lmq
