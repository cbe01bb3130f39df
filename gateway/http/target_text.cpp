#include "gateway/http/target_text.hpp"

namespace lmq {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

} // namespace

std::string_view cut(std::string_view& rest, char mark) {
  auto at = rest.find(mark);
  auto piece = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return piece;
}

target_path::target_path(std::string_view text) {
  if (text.size() > 1 && text.ends_with('/'))
    text.remove_suffix(1);
  text.remove_prefix(1);
  for (bool more = true; more;) {
    more = text.find('/') != std::string_view::npos;
    auto segment = cut(text, '/');
    if (count < segments.size())
      segments[count] = segment;
    gap = gap || segment.empty();
    ++count;
  }
}

std::optional<target_query> parse_query(std::string_view text) {
  target_query q;
  while (!text.empty()) {
    auto value = cut(text, '&');
    auto key = percent_decode(cut(value, '='));
    if (!key)
      return std::nullopt;
    auto* known = *key == "t"        ? &q.t
                  : *key == "cf"     ? &q.cf
                  : *key == "qre"    ? &q.qre
                  : *key == "reply"  ? &q.reply
                  : *key == "offset" ? &q.offset
                  : *key == "limit"  ? &q.limit
                  : *key == "sort"   ? &q.sort
                  : *key == "n"      ? &q.n
                                     : nullptr;
    if (known != nullptr && !*known)
      *known = value;
  }
  return q;
}

std::string_view without_origin(std::string_view target) {
  auto scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos || scheme > target.find_first_of("/?"))
    return target;
  target.remove_prefix(scheme + 3);
  auto at = target.find_first_of("/?");
  return at == std::string_view::npos ? "/" : target.substr(at);
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out.push_back(' ');
    } else if (text[i] != '%') {
      out.push_back(text[i]);
    } else {
      auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return std::nullopt;
      out.push_back(static_cast<char>(high << 4 | low));
      i += 2;
    }
  }
  return out;
}

} // namespace lmq
