#include "gateway/http/json_backup.hpp"

#include <nlohmann/json.hpp>

namespace lmq {

tl::expected<std::string, http_refusal> parse_backup(std::string_view text) {
  auto no = [](http_reason why, std::string message) {
    return tl::unexpected<http_refusal>(http_refusal{why, std::move(message)});
  };
  auto document = nlohmann::json::parse(text, nullptr, false);
  if (!document.is_object() || document.size() != 1 || !document.contains("directory") ||
      !document["directory"].is_string())
    return no(http_reason::bad_json,
              "send where the copy is to be made, as {\"directory\":\"/absolute/path\"}");
  auto directory = document["directory"].get<std::string>();
  if (!directory.starts_with('/') || directory.find('\0') != std::string::npos)
    return no(http_reason::bad_parameter,
              "directory: send an absolute path, for the server does not know where you are");
  return directory;
}

} // namespace lmq
