// One HTTP/1.x request as it comes in: Beast's parser, told to keep only what the gateway asks for.
//
// The head is parsed in one go, when all of it lies in the session's buffer; what is kept of it are views
// into that buffer, and they are looked at before the buffer moves on. The body goes straight into a payload,
// or into a text, or nowhere. Made anew for each request, without asking for memory. One thread.
#pragma once

#include "core/message.hpp"
#include "core/payload.hpp"
#include "gateway/http/target.hpp"
#include "gateway/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/beast/http/basic_parser.hpp>

namespace lmq {

/// A head's fields as they came. A thread's sessions share one list, for a head is parsed and used in one go.
using field_views = std::vector<std::pair<std::string_view, std::string_view>>;

/// As hooks get them: names in lower case.
header_list to_header_list(const field_views& fields);

/// Whether a request may begin with this byte: its method is made of letters.
bool begins_request(char first) noexcept;

/// Where a request belongs in a trace, as W3C's Trace Context has it.
struct trace_headers {
  std::string_view parent; ///< of the form that the recommendation asks for; empty: there is none, or several
  std::string_view state;  ///< means nothing without a parent; empty also where it comes in several fields
};

/// What is left of a request's head after it was parsed. Views into the session's buffer.
struct request_head {
  http_method method = http_method::other;
  std::string_view target;
  std::string_view content_type;
  std::string_view request_id;
  trace_headers trace;
  std::string_view authorization; ///< empty also where there is more than one
  bool http_1_0 = false;
  bool expects_continue = false;
};

/// The bytes between the first and the last of a head, both included; 0 if its end is not there yet.
///
/// @param searched  bytes known not to hold the end; brought up to date
std::size_t find_head(std::string_view bytes, std::size_t& searched);

class request_reader final : private boost::beast::http::basic_parser<true> {
public:
  using error_code = boost::beast::error_code;

  /// @param fields  emptied now, filled by `read_head`
  request_reader(const gateway_limits& limits, field_views& fields);

  /// @param bytes  the whole head; see `find_head`
  /// @returns nothing if it is sound. Else a refusal (bad_request, body_too_large, headers_too_large) after
  /// which the connection can't go on
  std::optional<http_refusal> read_head(std::string_view bytes);

  const request_head& head() const noexcept { return head_; }

  /// Whether the client is ready for another request after this one.
  using basic_parser::keep_alive;

  /// Bytes of the body that have not come; nothing if it is chunked.
  std::optional<std::uint64_t> body_bytes_left() const;

  // -- what becomes of the body: nothing, unless one of these is called after `read_head`

  void keep_as_payload();

  /// @param bytes_max  beyond: body_too_large
  void keep_as_text(std::uint64_t bytes_max);

  /// @param bytes  what lies in the buffer
  /// @param taken  how many of them belonged to this request
  /// Errors: as `read_head`
  std::optional<http_refusal> read_body(std::string_view bytes, std::size_t& taken);

  /// All of it is here.
  bool complete() const { return is_done(); }

  /// Bytes of the body that have come.
  std::uint64_t body_bytes() const noexcept { return body_bytes_; }

  /// Those of them that are kept.
  std::size_t held_bytes() const noexcept;

  payload take_payload();
  std::string take_text();

private:
  using field = boost::beast::http::field;
  using string_view = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb method, string_view method_text, string_view target,
                       int version, error_code& ec) override;
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(field name, string_view name_text, string_view value, error_code& ec) override;
  void on_header_impl(error_code& ec) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view bytes, error_code& ec) override;
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code& ec) override;
  void on_finish_impl(error_code&) override {}

  std::optional<http_refusal> refusal_of(const error_code& ec) const;

  const gateway_limits& limits_;
  field_views* fields_; ///< nullptr once the head is read: what follows are trailers
  std::string_view bytes_;
  request_head head_;
  unsigned hosts_ = 0;
  unsigned authorizations_ = 0;
  unsigned trace_parents_ = 0;
  unsigned trace_states_ = 0;
  bool transfer_encoded_ = false;
  bool other_coding_ = false; ///< other than chunked, alone and once
  std::uint64_t body_bytes_ = 0;
  std::uint64_t body_bytes_max_;
  std::variant<std::monostate, payload_builder, std::string> body_;
};

} // namespace lmq
