#include "gateway/rpc/frame_splitter.hpp"

#include "gateway/rpc/token.hpp"

namespace lmq {

tl::expected<std::size_t, frame_fault> frame_splitter::find_end(std::string_view bytes) {
  while (heads_left_ > 0) {
    if (at_ >= bytes.size())
      return 0;
    token next;
    switch (read_token(bytes.substr(static_cast<std::size_t>(at_)), next)) {
    case token_state::complete: break;
    case token_state::incomplete: return 0;
    case token_state::invalid: return tl::unexpected(frame_fault::malformed);
    }
    at_ += next.head_bytes + next.bytes;
    heads_left_ += next.values - 1;
    // Each value that is announced takes a byte at least.
    if (at_ > limits_.bytes_max || heads_left_ > limits_.bytes_max - at_)
      return tl::unexpected(frame_fault::too_large);
    if (next.values > 0) {
      if (open_.size() >= limits_.depth_max)
        return tl::unexpected(frame_fault::too_deep);
      open_.push_back(next.values);
      continue;
    }
    while (!open_.empty() && --open_.back() == 0)
      open_.pop_back();
  }
  return at_ <= bytes.size() ? static_cast<std::size_t>(at_) : 0;
}

void frame_splitter::reset() noexcept {
  at_ = 0;
  heads_left_ = 1;
  open_.clear();
}

bool is_one_value(std::string_view bytes, std::size_t depth_max) {
  frame_splitter splitter{{bytes.size(), depth_max}};
  auto end = splitter.find_end(bytes);
  return end && *end == bytes.size() && *end > 0;
}

} // namespace lmq
