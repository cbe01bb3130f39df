// All that is in an outbox, taken out of it.
#pragma once

#include "gateway/outbox.hpp"

#include <array>
#include <string>

namespace lmq::test {

inline std::string text_of(outbox& out) {
  std::string all;
  while (!out.empty()) {
    std::array<std::string_view, 8> pieces;
    auto n = out.pieces(pieces);
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < n; ++i) {
      all += pieces[i];
      bytes += pieces[i].size();
    }
    out.consume(bytes);
  }
  return all;
}

} // namespace lmq::test
