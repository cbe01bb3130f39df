#include "core/message.hpp"

namespace lmq {

std::size_t memory_bytes(const message& m) {
  auto bytes = m.content.memory_bytes();
  if (m.preserved)
    for (const auto& [name, value] : *m.preserved)
      bytes += sizeof(header_list::value_type) + name.size() + value.size();
  return bytes;
}

} // namespace lmq
