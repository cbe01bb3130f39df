#include "actors/pattern.hpp"

#include <algorithm>
#include <re2/re2.h>
#include <re2/set.h>
#include <utility>

namespace lmq {

namespace {

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

/// The same for one expression and for many, so that both find the same.
re2::RE2::Options options_within(std::size_t memory_bytes) {
  re2::RE2::Options options;
  options.set_encoding(re2::RE2::Options::EncodingLatin1);
  options.set_log_errors(false);
  options.set_max_mem(static_cast<std::int64_t>(memory_bytes));
  return options;
}

} // namespace

result<pattern> pattern::compile(std::string_view text) {
  if (text.size() > text_bytes_max)
    return refuse(reason::bad_pattern, "the expression has " + std::to_string(text.size()) +
                                         " bytes; send at most " + std::to_string(text_bytes_max));
  auto compiled = std::make_shared<const re2::RE2>(piece(text), options_within(memory_bytes_max));
  if (!compiled->ok())
    return refuse(reason::bad_pattern, "not an expression that RE2 accepts: " + compiled->error() +
                                         "; it has no look-around and no back-references");
  if (compiled->ProgramSize() > program_size_max)
    return refuse(reason::bad_pattern,
                  "the expression is too large when compiled; send fewer or smaller repetitions");
  return pattern{std::move(compiled)};
}

bool pattern::finds(std::string_view name) const {
  return re2::RE2::PartialMatch(piece(name), *compiled_);
}

const std::string& pattern::text() const {
  return compiled_->pattern();
}

int pattern::program_size() const {
  return compiled_->ProgramSize();
}

struct pattern_list::automaton {
  explicit automaton(std::size_t memory_bytes) : set(options_within(memory_bytes), re2::RE2::UNANCHORED) {}

  re2::RE2::Set set;
};

result<pattern_list> pattern_list::compile(const std::vector<std::string_view>& texts,
                                           std::size_t memory_bytes) {
  pattern_list list;
  list.each_.reserve(texts.size());
  for (auto text : texts) {
    auto one = pattern::compile(text);
    if (!one)
      return tl::unexpected{std::move(one.error())};
    list.program_size_ += one->program_size();
    if (list.program_size_ > program_size_max)
      return refuse(reason::over_limit, "the first " + std::to_string(list.each_.size() + 1) +
                                          " expressions together are too large when compiled; send fewer, or "
                                          "smaller repetitions");
    list.each_.push_back(*std::move(one));
  }
  if (texts.size() < 2)
    return list;
  auto all = std::make_shared<automaton>(memory_bytes);
  auto taken = [&](std::string_view text) { return all->set.Add(piece(text), nullptr) >= 0; };
  if (std::all_of(texts.begin(), texts.end(), taken) && all->set.Compile())
    list.all_ = std::move(all);
  return list;
}

std::optional<std::size_t> pattern_list::first(std::string_view name) const {
  if (all_) {
    std::vector<int> found; // in no order
    re2::RE2::Set::ErrorInfo why_not{};
    if (all_->set.Match(piece(name), &found, &why_not))
      return static_cast<std::size_t>(*std::min_element(found.begin(), found.end()));
    if (why_not.kind == re2::RE2::Set::kNoError)
      return std::nullopt;
    // Its memory has run out over this name.
  }
  auto it = std::find_if(each_.begin(), each_.end(), [&](const pattern& p) { return p.finds(name); });
  if (it == each_.end())
    return std::nullopt;
  return static_cast<std::size_t>(it - each_.begin());
}

} // namespace lmq
