#include "actors/pattern.hpp"

#include <re2/re2.h>

namespace lmq {

result<pattern> pattern::compile(std::string_view text) {
  if (text.size() > text_bytes_max)
    return refuse(reason::bad_pattern, "the expression has " + std::to_string(text.size()) +
                                         " bytes; send at most " + std::to_string(text_bytes_max));
  re2::RE2::Options options;
  options.set_encoding(re2::RE2::Options::EncodingLatin1);
  options.set_log_errors(false);
  options.set_max_mem(memory_bytes_max);
  auto compiled = std::make_shared<const re2::RE2>(re2::StringPiece{text.data(), text.size()}, options);
  if (!compiled->ok())
    return refuse(reason::bad_pattern, "not an expression that RE2 accepts: " + compiled->error() +
                                         "; it has no look-around and no back-references");
  if (compiled->ProgramSize() > program_size_max)
    return refuse(reason::bad_pattern,
                  "the expression is too large when compiled; send fewer or smaller repetitions");
  return pattern{std::move(compiled)};
}

bool pattern::finds(std::string_view name) const {
  return re2::RE2::PartialMatch(re2::StringPiece{name.data(), name.size()}, *compiled_);
}

const std::string& pattern::text() const {
  return compiled_->pattern();
}

} // namespace lmq
