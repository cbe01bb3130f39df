// Request targets and queries: any bytes end in a typed request or a refusal, and what is accepted keeps its
// bounds.
#include "gateway/http/target.hpp"

#include <cstdlib>

using namespace lmq;

namespace {

void require(bool holds) {
  if (!holds)
    std::abort();
}

void check_name(const std::string& name) {
  require(check_queue_name(name).has_value());
}

void check_wait(const wait_time& wait, const gateway_limits& limits) {
  require(!wait || (*wait >= duration::zero() && *wait <= limits.wait_max));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0)
    return 0;
  static const gateway_limits limits;
  auto method = static_cast<http_method>(data[0] % 8);
  std::string_view target{reinterpret_cast<const char*>(data) + 1, size - 1};
  auto parsed = parse_target(method, target, limits);
  if (!parsed) {
    require(!parsed.error().message.empty());
    return 0;
  }
  const auto* question = std::get_if<broker_request>(&*parsed);
  if (question == nullptr)
    return 0;
  const auto& asked = question->what;
  if (const auto* push = std::get_if<push_one>(&asked))
    check_name(push->queue);
  if (const auto* pull = std::get_if<pull_one>(&asked)) {
    check_name(pull->queue);
    check_wait(pull->wait, limits);
  }
  if (const auto* any = std::get_if<pull_matching>(&asked))
    check_wait(any->wait, limits);
  if (const auto* settle = std::get_if<settle_lease>(&asked)) {
    check_name(settle->queue);
    require(parse_lease_id(to_text(settle->lease)) == settle->lease);
  }
  return 0;
}
