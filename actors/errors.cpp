#include "actors/errors.hpp"

#include <caf/message.hpp>
#include <caf/sec.hpp>

namespace lmq {

namespace {

constexpr auto category = caf::atom("lmq");

/// To CAF a code of 0 is no error, whatever else it holds; so ours begin at 1.
constexpr unsigned first_code = 1;

} // namespace

caf::error to_error(const refusal& r) {
  return {static_cast<std::uint8_t>(static_cast<unsigned>(r.why) + first_code), category,
          caf::make_message(r.detail)};
}

refusal to_refusal(const caf::error& e) {
  if (e && e.category() == category && e.context().match_elements<std::string>())
    return {static_cast<reason>(e.code() - first_code), e.context().get_as<std::string>(0)};
  return {reason::unavailable, "the part of the server that should answer is gone; try again"};
}

caf::error bounce_error() {
  return caf::make_error(caf::sec::request_receiver_down);
}

bool bounced(const caf::error& e) {
  return e == caf::sec::request_receiver_down;
}

} // namespace lmq
