// The course of a connection: its requests, their answers, their time. Its bytes are in session_io.cpp.
#include "gateway/session.hpp"

#include <algorithm>
#include <spdlog/spdlog.h>
#include <utility>

#include <boost/asio/ip/tcp.hpp>

namespace lmq {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

header_list to_header_list(const field_views& fields) {
  header_list headers;
  headers.reserve(fields.size());
  for (auto [name, value] : fields) {
    auto& [to_name, to_value] = headers.emplace_back(name, value);
    std::transform(to_name.begin(), to_name.end(), to_name.begin(), lower);
  }
  return headers;
}

} // namespace

session::session(http_gateway& gateway, socket&& peer)
    : gateway_(gateway), gateway_alive_(gateway.ctrl()), socket_(std::move(peer)), exchange_(gateway) {
  gateway_.add(*this);
}

session::~session() {
  close();
  gateway_.remove(*this);
}

void session::start() {
  now_ = since_ = steady_clock::now();
  error_code ignored;
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  settle();
}

void session::start_refused() {
  now_ = steady_clock::now();
  error_code ignored;
  socket_.non_blocking(true, ignored);
  respond_and_end({http_reason::too_many_connections, "there are too many connections; try again later"});
  go_on();
  settle();
}

void session::stop() {
  now_ = steady_clock::now();
  if (phase_ == phase::draining || (phase_ == phase::idle && !writing_))
    return close();
  if (phase_ == phase::answering)
    exchange_.hurry(now_);
  settle();
}

void session::close() noexcept {
  if (phase_ == phase::closed)
    return;
  phase_ = phase::closed;
  exchange_.abandon();
  for (const auto& d : handed_over_)
    if (d.end > outbox_.sent())
      gateway_.give_back(*d.queue, d.lease);
  handed_over_.clear();
  deadline_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

// -- requests ----------------------------------------------------------------------------------------------------------

// Works off the buffer until it needs more bytes, an answer, or room for answers.
void session::process() {
  while (!writing_ && outbox_.size() <= gateway_.limits().pipelined_bytes_max) {
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
    case phase::ending:
    case phase::draining: return buffer_.consume(buffer_.size());
    case phase::closed: return;
    }
  }
}

void session::read_head() {
  // A line end between requests is an old habit of some clients, and no request.
  while (phase_ == phase::idle && !buffer_.empty() &&
         (buffer_.data().front() == '\r' || buffer_.data().front() == '\n'))
    buffer_.consume(1);
  auto bytes = buffer_.data();
  if (bytes.empty())
    return;
  if (phase_ == phase::idle) {
    phase_ = phase::head;
    since_ = now_;
    head_searched_ = 0;
    keep_ = true;
    http_1_0_ = head_only_ = false;
    request_id_.clear();
    // What is no HTTP at all need not be waited for: a method is made of capitals.
    if (lower(bytes.front()) < 'a' || lower(bytes.front()) > 'z')
      return respond_and_end({http_reason::bad_request, "this is not HTTP/1.1; send a request line"});
  }
  auto head_bytes = find_head(bytes, head_searched_);
  const auto& limits = gateway_.limits();
  if (std::max(head_bytes, head_searched_) > limits.header_bytes_max)
    return respond_and_end({http_reason::headers_too_large, "the request's head is too large; send at most " +
                                                              std::to_string(limits.header_bytes_max) +
                                                              " bytes"});
  if (head_bytes == 0)
    return;

  auto& reader = reader_.emplace(limits, gateway_.fields());
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

  auto asked = parse_target(head.method, head.target, limits);
  if (asked) {
    exchange_.prepare(std::move(*asked));
    switch (exchange_.wanted_body()) {
    case exchange::body_kind::none: break;
    case exchange::body_kind::payload: reader.keep_as_payload(); break;
    case exchange::body_kind::text: reader.keep_as_text(limits.json_bytes_max); break;
    }
    if (exchange_.wants_headers())
      exchange_.set_headers(to_header_list(gateway_.fields()));
  }
  auto expects = head.expects_continue && bytes.size() == head_bytes;
  buffer_.consume(head_bytes);
  phase_ = phase::body;
  since_ = now_;
  body_then_ = 0;
  if (!asked && expects)
    return respond_and_end(std::move(asked.error())); // whether its body will come we can't know
  if (!asked)
    refused_ = std::move(asked.error());
  else if (expects)
    outbox_.add("HTTP/1.1 100 Continue\r\n\r\n");
}

void session::read_body() {
  auto bytes = buffer_.data();
  std::size_t taken = 0;
  auto broken = reader_->read_body(bytes, taken);
  buffer_.consume(taken);
  if (broken)
    return respond_and_end(std::move(*broken));
  if (reader_->complete())
    return complete_request();
  // What the parser leaves is the beginning of a chunk's size line or of trailers.
  if (buffer_.size() > gateway_.limits().header_bytes_max)
    respond_and_end({http_reason::bad_request, "a chunk of the body is not understood"});
}

void session::complete_request() {
  phase_ = phase::answering;
  grace_until_.reset();
  if (refused_) {
    auto why = std::move(*refused_);
    refused_.reset();
    return respond(std::move(why));
  }
  switch (exchange_.wanted_body()) {
  case exchange::body_kind::none: break;
  case exchange::body_kind::payload: exchange_.set_body(reader_->take_payload()); break;
  case exchange::body_kind::text: exchange_.set_body(reader_->take_text()); break;
  }
  if (auto done = exchange_.begin(*this, now_))
    return respond(std::move(*done));
  // A pull that may wait, from a peer that has hung up already: nobody would notice that it is gone.
  if (input_ended_ && exchange_.waiting())
    close();
}

void session::on_reply(std::uint64_t tag, caf::mailbox_element& reply) noexcept {
  now_ = steady_clock::now();
  auto done = exchange_.on_reply(*this, tag, reply, now_);
  if (done) {
    respond(std::move(*done));
    go_on();
  }
  settle();
}

response_frame session::frame() const noexcept {
  return {.keep_alive = keep_,
          .http_1_0 = http_1_0_,
          .head = head_only_,
          .request_id = request_id_,
          .date = gateway_.date(now_)};
}

void session::respond(answer what) {
  keep_ = keep_ && !gateway_.stopping();
  render(outbox_, std::move(what), frame());
  if (const auto* d = std::get_if<delivered>(&what))
    handed_over_.push_back({outbox_.end(), d->queue, d->what.lease});
  if (access_)
    log_end(status_of(what));
  reader_.reset();
  phase_ = keep_ ? phase::idle : phase::ending;
  since_ = now_;
}

/// What the peer has sent can't be told from what it will send: it gets its answer, and the rest is dropped.
void session::respond_and_end(http_refusal why) {
  exchange_.abandon();
  refused_.reset();
  keep_ = false;
  respond(std::move(why));
}

void session::log_begin(std::string_view line) {
  access_ =
    std::make_unique<access_record>(access_record{std::string(line.substr(0, line.rfind(' '))), now_});
}

void session::log_end(unsigned status) {
  auto took = std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - access_->begun);
  spdlog::debug("http.request line=\"{}\" status={} took_us={}", access_->line, status, took.count());
  access_.reset();
}

// -- time --------------------------------------------------------------------------------------------------------------

std::optional<time_point> session::due() const {
  const auto& limits = gateway_.limits();
  if (writing_)
    return written_since_ + limits.write_timeout;
  switch (phase_) {
  case phase::idle: return since_ + limits.idle_timeout;
  case phase::head: return since_ + limits.header_timeout;
  case phase::body: return since_ + limits.body_timeout;
  case phase::answering:
    // With a full buffer nothing is read, and a peer that has gone is not noticed. Who sends so much behind a
    // pull that waits has to take its answer within the idle limit.
    if (grace_until_)
      return grace_until_;
    if (exchange_.waiting() && !reading_)
      return std::min(since_ + limits.idle_timeout, exchange_.due().value_or(time_point::max()));
    return exchange_.due();
  case phase::ending: return since_ + limits.write_timeout;
  case phase::draining: return since_ + limits.drain_timeout;
  case phase::closed: return std::nullopt;
  }
  return std::nullopt;
}

void session::on_deadline(deadline&) noexcept {
  self_ptr alive{this};
  now_ = steady_clock::now();
  if (auto at = due(); at && *at <= now_) {
    on_late();
    go_on();
  }
  settle();
}

void session::on_late() {
  const auto progress_min = gateway_.limits().progress_bytes_min;
  if (writing_) {
    if (outbox_.sent() - written_then_ < progress_min)
      return close();
    written_since_ = now_;
    written_then_ = outbox_.sent();
    return;
  }
  switch (phase_) {
  case phase::head:
    return respond_and_end(
      {http_reason::request_timeout, "the request's head took too long; send it in one go"});
  case phase::body:
    if (reader_->body_bytes() - body_then_ < progress_min)
      return respond_and_end(
        {http_reason::request_timeout, "the request's body came too slowly; send it again"});
    since_ = now_;
    body_then_ = reader_->body_bytes();
    return;
  case phase::answering:
    if (exchange_.waiting() && !reading_ && (!exchange_.due() || now_ < *exchange_.due()))
      return close();
    // The whole process may have been asleep: what is late by the clock has had no time to answer.
    if (!grace_until_) {
      grace_until_ = now_ + gateway_.limits().answer_grace;
      return;
    }
    exchange_.abandon();
    spdlog::warn("http.unanswered timeout_s={}", gateway_.limits().answer_timeout.count());
    return respond(http_refusal{http_reason::unavailable, "the queue did not answer in time; try again"});
  case phase::idle:
  case phase::ending:
  case phase::draining:
  case phase::closed: return close();
  }
}

} // namespace lmq
