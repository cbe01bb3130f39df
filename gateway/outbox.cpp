#include "gateway/outbox.hpp"

#include <algorithm>
#include <utility>

namespace lmq {

std::string_view outbox::insert::view() const {
  if (const auto* body = std::get_if<payload>(&bytes))
    return body->body();
  return std::get<std::string>(bytes);
}

void outbox::add(const payload& body) {
  if (body.body().size() <= copied_bytes_max) {
    text_ += body.body();
    return;
  }
  inserted_bytes_ += body.body().size();
  inserts_.push_back({text_.size(), body});
}

void outbox::add_owned(std::string bytes) {
  if (bytes.size() <= copied_bytes_max) {
    text_ += bytes;
    return;
  }
  inserted_bytes_ += bytes.size();
  inserts_.push_back({text_.size(), std::move(bytes)});
}

std::size_t outbox::pieces(std::span<std::string_view> into) const {
  std::size_t n = 0, at = text_sent_, skip = insert_sent_;
  auto give = [&](std::string_view piece) {
    if (!piece.empty())
      into[n++] = piece;
  };
  for (auto i = next_insert_; i < inserts_.size() && n < into.size(); ++i) {
    give(std::string_view{text_}.substr(at, inserts_[i].at - at));
    at = inserts_[i].at;
    if (n < into.size())
      give(inserts_[i].view().substr(std::exchange(skip, 0)));
    else
      return n;
  }
  if (n < into.size())
    give(std::string_view{text_}.substr(at));
  return n;
}

void outbox::consume(std::size_t bytes) {
  sent_ += bytes;
  while (next_insert_ < inserts_.size()) {
    const auto& in = inserts_[next_insert_];
    auto before = std::min(bytes, in.at - text_sent_);
    text_sent_ += before;
    bytes -= before;
    auto all = in.view().size();
    auto left = all - insert_sent_;
    auto of_it = std::min(bytes, left);
    insert_sent_ += of_it;
    inserted_sent_ += of_it;
    bytes -= of_it;
    if (text_sent_ < in.at || of_it < left)
      return;
    insert_sent_ = 0;
    inserts_[next_insert_++].bytes = payload{}; // sent, so let go of it
    let_go_bytes_ += all;
  }
  text_sent_ += bytes;
  if (text_sent_ < text_.size())
    return;
  text_.clear();
  if (text_.capacity() > kept_bytes_max)
    text_.shrink_to_fit();
  std::vector<insert>{}.swap(inserts_);
  text_sent_ = next_insert_ = inserted_bytes_ = inserted_sent_ = let_go_bytes_ = 0;
}

} // namespace lmq
