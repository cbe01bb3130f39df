#include "gateway/http/request_reader.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>

namespace lmq {

namespace http = boost::beast::http;

namespace {

/// What is asked of memory for a body before any of it has come, whatever length it announces.
constexpr std::uint64_t trusted_body_bytes = 1024 * 1024;

std::string_view std_view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

http_method method_of(http::verb verb) {
  switch (verb) {
  case http::verb::get: return http_method::get;
  case http::verb::head: return http_method::head;
  case http::verb::post: return http_method::post;
  case http::verb::put: return http_method::put;
  case http::verb::patch: return http_method::patch;
  case http::verb::delete_: return http_method::delete_;
  case http::verb::options: return http_method::options;
  default: return http_method::other;
  }
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

/// An id that may stand in an answer: printable ASCII without blanks.
/// VERSION-TRACE-SPAN-FLAGS in lower-case hexadecimal digits. Later versions than 00 may say more behind
/// that.
bool is_trace_parent(std::string_view text) {
  constexpr std::string_view form = "vv-tttttttttttttttttttttttttttttttt-pppppppppppppppp-ff";
  if (text.size() < form.size() || (text.size() > form.size() && text[form.size()] != '-'))
    return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    char c = text[i];
    bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (form[i] == '-' ? c != '-' : !is_digit)
      return false;
  }
  auto is_nothing = [&](char of) {
    auto part = text.substr(form.find(of), form.rfind(of) - form.find(of) + 1);
    return part.find_first_not_of('0') == std::string_view::npos;
  };
  auto version = text.substr(0, 2);
  return version != "ff" && !is_nothing('t') && !is_nothing('p') &&
         (version != "00" || text.size() == form.size());
}

bool sound_id(std::string_view id, std::size_t bytes_max) {
  return id.size() <= bytes_max &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

} // namespace

header_list to_header_list(const field_views& fields) {
  header_list headers;
  headers.reserve(fields.size());
  for (auto [name, value] : fields) {
    auto& [to_name, to_value] = headers.emplace_back(name, value);
    std::transform(to_name.begin(), to_name.end(), to_name.begin(), lower);
  }
  return headers;
}

bool begins_request(char first) noexcept {
  return lower(first) >= 'a' && lower(first) <= 'z';
}

std::size_t find_head(std::string_view bytes, std::size_t& searched) {
  constexpr std::string_view end = "\r\n\r\n";
  auto at = bytes.find(end, searched);
  if (at != std::string_view::npos)
    return at + end.size();
  searched = bytes.size() < end.size() ? 0 : bytes.size() - end.size() + 1;
  return 0;
}

request_reader::request_reader(const gateway_limits& limits, field_views& fields)
    : limits_(limits), fields_(&fields), body_bytes_max_(limits.body_bytes_max) {
  fields.clear();
  eager(true);
  header_limit(static_cast<std::uint32_t>(
    std::min<std::uint64_t>(limits.header_bytes_max, std::numeric_limits<std::uint32_t>::max())));
  body_limit(limits.body_bytes_max);
}

std::optional<http_refusal> request_reader::read_head(std::string_view bytes) {
  bytes_ = bytes;
  error_code ec;
  put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
  fields_ = nullptr;
  if (ec && ec != http::error::need_more)
    return refusal_of(ec);
  if (!is_header_done())
    return http_refusal{http_reason::bad_request, "the request's head is broken; send HTTP/1.1"};
  if (hosts_ > 1 || (hosts_ == 0 && !head_.http_1_0))
    return http_refusal{http_reason::bad_request, "HTTP/1.1 asks for exactly one host header"};
  if (transfer_encoded_ && (!chunked() || other_coding_ || head_.http_1_0))
    return http_refusal{
      http_reason::bad_request,
      "this transfer-encoding is not understood; send chunked over HTTP/1.1, or a content-length"};
  if (head_.expects_continue && (head_.http_1_0 || complete()))
    head_.expects_continue = false;
  return std::nullopt;
}

std::optional<std::uint64_t> request_reader::body_bytes_left() const {
  if (chunked())
    return std::nullopt;
  auto announced = content_length();
  return announced ? *announced - body_bytes_ : 0;
}

void request_reader::keep_as_payload() {
  auto expected = body_bytes_left().value_or(0);
  body_.emplace<payload_builder>(head_.content_type,
                                 static_cast<std::size_t>(std::min(expected, trusted_body_bytes)));
}

void request_reader::keep_as_text(std::uint64_t bytes_max) {
  body_.emplace<std::string>();
  body_bytes_max_ = bytes_max;
}

std::optional<http_refusal> request_reader::read_body(std::string_view bytes, std::size_t& taken) {
  taken = 0;
  if (complete())
    return std::nullopt;
  if (body_bytes_left().value_or(0) > body_bytes_max_ - std::min(body_bytes_, body_bytes_max_))
    return refusal_of(http::error::body_limit);
  // Beast asserts that it sees a last chunk ("0" and two line ends) whole once it has seen its first line. A
  // body that is not at its end has as many bytes still to come.
  constexpr std::size_t last_chunk_bytes = 5;
  if (bytes.empty() || (chunked() && bytes.size() < last_chunk_bytes && bytes.front() == '0'))
    return std::nullopt;
  error_code ec;
  taken = put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
  if (ec && ec != http::error::need_more)
    return refusal_of(ec);
  return std::nullopt;
}

std::size_t request_reader::held_bytes() const noexcept {
  return std::holds_alternative<std::monostate>(body_) ? 0 : static_cast<std::size_t>(body_bytes_);
}

payload request_reader::take_payload() {
  return std::move(std::get<payload_builder>(body_)).finish();
}

std::string request_reader::take_text() {
  return std::move(std::get<std::string>(body_));
}

// -- what Beast tells --------------------------------------------------------------------------------------------------

void request_reader::on_request_impl(http::verb method, string_view, string_view target, int version,
                                     error_code&) {
  head_.method = method_of(method);
  head_.target = std_view(target);
  head_.http_1_0 = version == 10;
}

void request_reader::on_field_impl(field name, string_view name_text, string_view value, error_code& ec) {
  if (fields_ == nullptr)
    return; // trailers say nothing that we ask for
  auto shown = std_view(value);
  // Beast joins the lines of a folded value in a place of its own. RFC 9112 lets us refuse folding.
  if (!shown.empty() && (shown.data() < bytes_.data() || shown.data() >= bytes_.data() + bytes_.size())) {
    ec = http::error::bad_value;
    return;
  }
  fields_->emplace_back(std_view(name_text), shown);
  switch (name) {
  case field::host: ++hosts_; break;
  case field::transfer_encoding:
    // A body with a further coding (gzip) would be stored without a trace of it.
    other_coding_ = other_coding_ || transfer_encoded_ || !boost::beast::iequals(value, "chunked");
    transfer_encoded_ = true;
    break;
  case field::content_type:
    if (head_.content_type.empty())
      head_.content_type = shown;
    break;
  case field::authorization:
    // Of several nobody knows which one somebody on the way has looked at.
    head_.authorization = ++authorizations_ == 1 ? shown : std::string_view{};
    break;
  case field::expect: head_.expects_continue = boost::beast::iequals(value, "100-continue"); break;
  case field::unknown:
    if (boost::beast::iequals(name_text, "x-request-id") && sound_id(shown, limits_.request_id_bytes_max))
      head_.request_id = shown;
    else if (boost::beast::iequals(name_text, "traceparent"))
      // Of several nobody knows which one is meant, and a part of a state is none.
      head_.trace.parent = ++trace_parents_ == 1 && is_trace_parent(shown) ? shown : std::string_view{};
    else if (boost::beast::iequals(name_text, "tracestate"))
      head_.trace.state =
        ++trace_states_ == 1 && shown.size() <= limits_.trace_state_bytes_max ? shown : std::string_view{};
    break;
  default: break;
  }
}

void request_reader::on_header_impl(error_code&) {}

std::size_t request_reader::on_body_impl(string_view bytes, error_code& ec) {
  body_bytes_ += bytes.size();
  if (body_bytes_ > body_bytes_max_) {
    ec = http::error::body_limit;
    return 0;
  }
  if (auto* builder = std::get_if<payload_builder>(&body_))
    builder->append(std_view(bytes));
  else if (auto* text = std::get_if<std::string>(&body_))
    text->append(bytes.data(), bytes.size());
  return bytes.size();
}

std::size_t request_reader::on_chunk_body_impl(std::uint64_t, string_view bytes, error_code& ec) {
  return on_body_impl(bytes, ec);
}

std::optional<http_refusal> request_reader::refusal_of(const error_code& ec) const {
  if (ec == http::error::body_limit)
    return http_refusal{http_reason::body_too_large,
                        "the body is too large; send at most " + std::to_string(body_bytes_max_) + " bytes"};
  if (ec == http::error::header_limit)
    return http_refusal{http_reason::headers_too_large, "the request's head is too large; send at most " +
                                                          std::to_string(limits_.header_bytes_max) +
                                                          " bytes"};
  return http_refusal{http_reason::bad_request, "this is not HTTP/1.1: " + ec.message()};
}

} // namespace lmq
