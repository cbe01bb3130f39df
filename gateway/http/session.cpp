// The course of an HTTP connection: its requests and their answers. Its pace and its end are in
// session_pace.cpp.
#include "gateway/http/session.hpp"

#include "core/log_value.hpp"
#include "gateway/http/access.hpp"
#include "gateway/http/http_date.hpp"
#include "gateway/http/json_backup.hpp"
#include "gateway/http/json_cluster.hpp"
#include "gateway/http/json_properties.hpp"
#include "gateway/http/json_redrive.hpp"

#include <algorithm>
#include <chrono>
#include <spdlog/spdlog.h>
#include <type_traits>
#include <utility>

namespace lmq {

namespace {

/// What the sessions of a thread share: each uses it within a turn.
struct shared_by_thread {
  http_date date;
  field_views fields;
};

shared_by_thread& shared() {
  thread_local shared_by_thread here;
  return here;
}

/// The message goes on with the trace in which it was pushed.
header_list kept_of(const trace_headers& trace) {
  header_list kept{{"traceparent", std::string{trace.parent}}};
  if (!trace.state.empty())
    kept.emplace_back("tracestate", trace.state);
  return kept;
}

bool has_document(const request& what) {
  return std::holds_alternative<put_rules>(what) || std::holds_alternative<patch_properties>(what) ||
         std::holds_alternative<join_cluster>(what) || std::holds_alternative<make_backup>(what) ||
         std::holds_alternative<redrive_queue>(what);
}

} // namespace

http_session::http_session(gateway_actor& gateway, connection_place place, socket&& peer)
    : connection(gateway, std::move(place), std::move(peer)),
      exchange_(gateway),
      since_(steady_clock::now()) {}

http_session::~http_session() {
  close();
}

// -- requests ----------------------------------------------------------------------------------------------------------

// Works off the input until it needs more bytes, an answer, or room for answers.
void http_session::process() {
  while (running() && !writing() && output().size() <= limits().pipelined_bytes_max) {
    switch (phase_) {
    case phase::idle:
    case phase::head:
      read_head();
      if (phase_ == phase::idle || phase_ == phase::head)
        return;
      break;
    case phase::body:
      read_body();
      if (phase_ == phase::body)
        return;
      break;
    case phase::answering: return;
    }
  }
}

void http_session::read_head() {
  // A line end between requests is an old habit of some clients, and no request.
  while (phase_ == phase::idle && !input().empty() &&
         (input().data().front() == '\r' || input().data().front() == '\n'))
    input().consume(1);
  auto bytes = input().data();
  if (bytes.empty())
    return;
  if (phase_ == phase::idle) {
    phase_ = phase::head;
    since_ = now();
    head_searched_ = 0;
    keep_ = true;
    http_1_0_ = head_only_ = false;
    request_id_.clear();
    asked_ = request_tally::unknown;
    // What is no HTTP at all need not be waited for: a method is made of capitals.
    if (!begins_request(bytes.front()))
      return respond_and_end({http_reason::bad_request, "this is not HTTP/1.1; send a request line"});
  }
  auto head_bytes = find_head(bytes, head_searched_);
  if (std::max(head_bytes, head_searched_) > limits().header_bytes_max)
    return respond_and_end({http_reason::headers_too_large, "the request's head is too large; send at most " +
                                                              std::to_string(limits().header_bytes_max) +
                                                              " bytes"});
  if (head_bytes == 0)
    return;

  auto& reader = reader_.emplace(limits(), shared().fields);
  auto broken = reader.read_head(bytes.substr(0, head_bytes));
  const auto& head = reader.head();
  request_id_ = head.request_id;
  http_1_0_ = head.http_1_0;
  head_only_ = head.method == http_method::head;
  if (spdlog::should_log(spdlog::level::debug))
    log_begin(bytes.substr(0, bytes.find("\r\n")));
  if (broken)
    return respond_and_end(std::move(*broken));
  keep_ = reader.keep_alive();

  auto asked = parse_target(head.method, head.target, limits());
  if (gateway().tokens().asked_for())
    if (auto no = refused_access(gateway().tokens(), head.authorization, asked, last_token_))
      asked = tl::unexpected<http_refusal>(*std::move(no));
  if (asked)
    prepare(std::move(*asked));
  auto expects = head.expects_continue && bytes.size() == head_bytes;
  input().consume(head_bytes);
  phase_ = phase::body;
  since_ = now();
  body_then_ = 0;
  if (!asked && expects)
    return respond_and_end(std::move(asked.error())); // whether its body will come we can't know
  if (!asked)
    local_ = std::move(asked.error());
  else if (expects)
    output().add("HTTP/1.1 100 Continue\r\n\r\n");
}

/// What becomes of the request and its body, now that its head is known.
void http_session::prepare(http_request what) {
  if (const auto* document = std::get_if<openapi_document>(&what)) {
    local_ = *document;
    asked_ = request_tally::a_document;
  } else if (const auto* methods = std::get_if<route_methods>(&what)) {
    local_ = *methods;
  } else {
    auto& asked = std::get<broker_request>(what);
    asked_ = asked.what.index();
    format_ = asked.format;
    if (is_push(asked.what)) {
      if (auto no = gateway().pushes().refused()) {
        local_ = to_http(*std::move(no)); // what comes of its body is skipped
        return;
      }
      reader_->keep_as_payload();
    } else if (has_document(asked.what)) {
      reader_->keep_as_text(limits().document_bytes_max);
      if (auto token = bearer_token(reader_->head().authorization); token && gateway().tokens().asked_for())
        bearer_ = std::make_unique<token_digest>(digest_of(*token));
    }
    exchange_.prepare(std::move(asked.what));
    if (const auto& trace = reader_->head().trace; !trace.parent.empty() && is_push(exchange_.asked()))
      exchange_.set_preserved(kept_of(trace));
    if (exchange_.wants_headers())
      exchange_.set_headers(headers_for_hooks());
  }
}

/// A token that lets one in must not end up in a message, whatever headers a hook preserves.
header_list http_session::headers_for_hooks() const {
  auto headers = to_header_list(shared().fields);
  if (gateway().tokens().asked_for())
    std::erase_if(headers, [](const auto& one) { return one.first == "authorization"; });
  return headers;
}

void http_session::read_body() {
  auto bytes = input().data();
  std::size_t taken = 0;
  auto broken = reader_->read_body(bytes, taken);
  input().consume(taken);
  if (broken)
    return respond_and_end(std::move(*broken));
  if (reader_->complete())
    return complete_request();
  // What the parser leaves is the beginning of a chunk's size line or of trailers.
  if (input().size() > limits().header_bytes_max)
    respond_and_end({http_reason::bad_request, "a chunk of the body is not understood"});
}

void http_session::complete_request() {
  phase_ = phase::answering;
  grace_until_.reset();
  if (local_)
    return respond(*std::exchange(local_, std::nullopt));
  if (is_push(exchange_.asked()))
    exchange_.set_content(reader_->take_payload());
  else if (has_document(exchange_.asked()))
    if (auto refused = take_document(reader_->take_text())) {
      exchange_.abandon();
      return respond(local_answer{std::move(*refused)});
    }
  if (auto no = exchange_.refused()) {
    exchange_.abandon();
    return respond(local_answer{to_http(*std::move(no))});
  }
  exchange_.begin({*this}, now());
  // A pull that may wait, from a peer that has hung up already: nobody would notice that it is gone.
  if (input_ended() && exchange_.waiting())
    close();
}

/// A body that says more of what is asked.
std::optional<http_refusal> http_session::take_document(std::string text) {
  if (auto* put = std::get_if<put_rules>(&exchange_.asked())) {
    auto rules = parse_rules(text);
    if (!rules)
      return std::move(rules.error());
    put->rules = std::move(*rules);
  } else if (auto* patch = std::get_if<patch_properties>(&exchange_.asked())) {
    auto change = parse_properties(text);
    if (!change)
      return std::move(change.error());
    patch->change = std::move(*change);
  } else if (auto* join = std::get_if<join_cluster>(&exchange_.asked())) {
    auto address = parse_join(text);
    if (!address)
      return std::move(address.error());
    join->address = std::move(*address);
  } else if (auto* backup = std::get_if<make_backup>(&exchange_.asked())) {
    auto directory = parse_backup(text);
    if (!directory)
      return std::move(directory.error());
    backup->directory = std::move(*directory);
  } else if (auto* redrive = std::get_if<redrive_queue>(&exchange_.asked())) {
    auto limit = parse_redrive(text);
    if (!limit)
      return std::move(limit.error());
    redrive->limit = std::min(redrive->limit, *limit); // of the target, and of the body
  }
  // Only now it is known what it takes; and the tokens may be others since the head came.
  return bearer_ ? refused_document(gateway().tokens(), *bearer_, exchange_.asked()) : std::nullopt;
}

void http_session::on_answer(std::uint64_t tag, caf::mailbox_element& reply) {
  if (auto done = exchange_.on_reply({*this}, tag, reply, now())) {
    make_fit(*done);
    respond(*done);
    go_on();
  }
}

// -- answers -----------------------------------------------------------------------------------------------------------

response_frame http_session::frame() const {
  return {.keep_alive = keep_,
          .http_1_0 = http_1_0_,
          .head = head_only_,
          .format = format_,
          .request_id = request_id_,
          .date = shared().date.at(now()),
          .nodes = &gateway().nodes()};
}

template <class Answer>
void http_session::respond(const Answer& what) {
  keep_ = keep_ && !gateway().stopping();
  phase_ = phase::idle; // before it is rendered: what has begun can't be begun anew
  since_ = now();
  unsigned status = 0;
  if constexpr (std::is_same_v<Answer, answer>) {
    const auto* d = std::get_if<delivered>(&what);
    if (d != nullptr)
      hand_over(d->queue, d->what.lease);
    status = render(output(), what, frame());
    if (d != nullptr)
      handed_over();
  } else {
    status = render(output(), what, frame());
  }
  gateway().tally().count_http(asked_, status);
  if (access_)
    log_end(status);
  reader_.reset();
  bearer_.reset();
  if (!keep_)
    end();
}

template void http_session::respond(const local_answer&);

/// What the peer has sent can't be told from what it will send: it gets its answer, and the rest is dropped.
void http_session::respond_and_end(http_refusal why) {
  exchange_.abandon();
  local_.reset();
  keep_ = false;
  respond(local_answer{std::move(why)});
}

void http_session::log_begin(std::string_view line) {
  access_ =
    std::make_unique<access_record>(access_record{std::string(line.substr(0, line.rfind(' '))), now()});
}

void http_session::log_end(unsigned status) {
  auto took = std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - access_->begun);
  if (request_id_.empty())
    spdlog::debug("http.request line={} status={} took_us={}", log_value(access_->line), status,
                  took.count());
  else
    spdlog::debug("http.request line={} status={} took_us={} request_id={}", log_value(access_->line), status,
                  took.count(), log_value(request_id_));
  access_.reset();
}

} // namespace lmq
