// Lease ids: a text is refused, or is exactly the text of the id that it was read as.
#include "core/ids.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  std::string_view text{reinterpret_cast<const char*>(data), size};
  if (auto id = lmq::parse_lease_id(text); id && lmq::to_text(*id) != text)
    std::abort();
  return 0;
}
