// Percent-encoding of whatever stands in a target: everything but letters, digits and "-._~".
#pragma once

#include <string>
#include <string_view>

namespace lmq::testing {

inline std::string percent_encoded(std::string_view bytes) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (unsigned char byte : bytes) {
    if (plain.find(static_cast<char>(byte)) != std::string_view::npos) {
      out += static_cast<char>(byte);
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

} // namespace lmq::testing
