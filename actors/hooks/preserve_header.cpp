#include "actors/hooks/preserve_header.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace lmq {

namespace {

/// Headers of the answer that describe the answer itself; a preserved one would contradict them.
constexpr std::array<std::string_view, 9> reserved = {
  "allow",   "connection",        "content-length", "date",        "keep-alive",
  "trailer", "transfer-encoding", "upgrade",        "x-request-id"};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_token(std::string_view name) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || marks.find(c) != std::string_view::npos;
  });
}

class preserve_header final : public hook {
public:
  explicit preserve_header(std::set<std::string> names) : names_(std::move(names)) {}

  void pre_http_push(const header_list& request, message& pushed) const override {
    auto kept =
      pushed.preserved ? std::make_shared<header_list>(*pushed.preserved) : std::make_shared<header_list>();
    auto is_kept = [&](const std::string& name) {
      return pushed.preserved && std::any_of(pushed.preserved->begin(), pushed.preserved->end(),
                                             [&](const auto& header) { return header.first == name; });
    };
    for (const auto& header : request)
      if (names_.count(header.first) != 0 && !is_kept(header.first))
        kept->push_back(header);
    if (!kept->empty())
      pushed.preserved = std::move(kept);
  }

private:
  std::set<std::string> names_;
};

} // namespace

result<std::unique_ptr<const hook>> make_preserve_header(const std::vector<std::string>& names) {
  std::set<std::string> wanted;
  for (auto name : names) {
    std::transform(name.begin(), name.end(), name.begin(), lower);
    if (!is_token(name))
      return refuse(reason::bad_property, "'" + name + "' can't be the name of a header");
    if (std::find(reserved.begin(), reserved.end(), name) != reserved.end() || name.starts_with("x-lmq-"))
      return refuse(reason::bad_property,
                    "the header '" + name + "' can't be preserved: answers set it themselves");
    if (name != "content-type") // kept with every message anyhow
      wanted.insert(std::move(name));
  }
  return std::make_unique<preserve_header>(std::move(wanted));
}

} // namespace lmq
