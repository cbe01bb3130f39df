// A compound's two formats, taken apart as a client of either would. Plain values, no thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lmq::contract {

struct compound_part {
  std::vector<std::pair<std::string, std::string>> headers; ///< in order, spelled as sent
  std::string body;

  bool operator==(const compound_part&) const = default;
};

/// cf=msgpack: an array of [ {header: value}, body ]. The types are part of the contract: header names and
/// values are str, bodies are bin.
/// Errors: std::runtime_error says what is not so
std::vector<compound_part> unpack_compound(std::string_view body);

/// cf=multipart, the default: the exact bytes of these parts between these boundaries.
std::string multipart_text(std::string_view boundary, const std::vector<compound_part>& parts);

} // namespace lmq::contract
