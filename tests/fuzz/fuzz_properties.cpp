// Properties and rules as JSON: any bytes end in values or a refusal, and what is accepted is printed as JSON
// that means the same.
#include "gateway/http/json_properties.hpp"

#include <cstdlib>

using namespace lmq;

namespace {

void require(bool holds) {
  if (!holds)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  std::string_view text{reinterpret_cast<const char*>(data), size};
  if (auto set = parse_properties(text)) {
    require(!set->accum || (set->accum->count() >= 0 && *set->accum <= property_limits::time_max));
    require(!set->timeout || (set->timeout->count() >= 0 && *set->timeout <= property_limits::time_max));
    std::string printed;
    append_json(printed, *set);
    auto again = parse_properties(printed);
    require(again.has_value() && *again == *set);
  }
  if (auto rules = parse_rules(text)) {
    std::string printed;
    append_json(printed, *rules);
    auto again = parse_rules(printed);
    require(again.has_value() && *again == *rules);
  }
  return 0;
}
