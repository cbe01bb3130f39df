// Directories as files in memory, and what can happen to one of them.
#pragma once

#include "tests/actors/dice.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace lmq::testing {

namespace fs = std::filesystem;

using files = std::map<std::string, std::string>;

inline files read_all(const fs::path& directory) {
  files all;
  for (const auto& entry : fs::directory_iterator(directory)) {
    std::ifstream file(entry.path(), std::ios::binary);
    all[entry.path().filename().string()] = {std::istreambuf_iterator<char>{file}, {}};
  }
  return all;
}

inline void write_all(const fs::path& directory, const files& all) {
  fs::remove_all(directory);
  fs::create_directory(directory);
  for (const auto& [name, text] : all)
    std::ofstream(directory / name, std::ios::binary) << text;
}

/// Without the zeros that a log ends with.
inline std::size_t used_bytes(const std::string& text) {
  auto last = text.find_last_not_of('\0');
  return last == std::string::npos ? 0 : last + 1;
}

enum class harm { flip, zero, cut, remove };

/// Tells what it has done, and to which file.
inline std::string do_harm(files& all, dice& random, std::string* of = nullptr) {
  auto it = all.begin();
  auto is_read = [](const std::string& name) {
    return name == "CURRENT" || name.rfind("MANIFEST", 0) == 0 || name.find('.') == 6;
  };
  do // seldom one without which all is there
    it = std::next(all.begin(), static_cast<std::ptrdiff_t>(random.below(all.size())));
  while (!is_read(it->first) && !random.one_in(4));
  auto& [name, text] = *it;
  if (of != nullptr)
    *of = name;
  auto told = name + " of " + std::to_string(text.size()) + " bytes: ";
  auto what = text.empty() ? harm::remove
                           : random.one_of({harm::flip, harm::flip, harm::zero, harm::cut, harm::remove});
  auto within = used_bytes(text) == 0 || random.one_in(8) ? text.size() : used_bytes(text);
  auto place = text.empty() ? 0 : random.below(within);
  switch (what) {
  case harm::flip:
    text[place] = static_cast<char>(text[place] ^ (1 << random.below(8)));
    return told + "flipped at " + std::to_string(place);
  case harm::zero: {
    auto bytes = std::min<std::size_t>(512, text.size() - place);
    std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(place), bytes, '\0');
    return told + "zeros at " + std::to_string(place);
  }
  case harm::cut: text.resize(place); return told + "cut at " + std::to_string(place);
  case harm::remove: all.erase(it); return told + "removed";
  }
  return told;
}

} // namespace lmq::testing
