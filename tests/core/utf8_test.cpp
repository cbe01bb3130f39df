// Which bytes are text, and how others are written as text.
#define CAF_SUITE utf8

#include "core/utf8.hpp"

#include <caf/test/unit_test.hpp>

#include <set>

using namespace lmq;

CAF_TEST(text stays as it is) {
  for (const char* text : {"", "jobs", "100%", "caf\xc3\xa9 \xf0\x9f\x98\x80", "\xef\xbf\xbc"}) {
    auto there = text_of_bytes(text);
    CAF_CHECK_EQUAL(there, std::string{text});
    auto back = bytes_of_text(there);
    CAF_CHECK_EQUAL(back, std::string{text});
  }
}

CAF_TEST(what is no text is told by its digits) {
  auto bytes = text_of_bytes("a\x80"
                             "b\xc3");
  CAF_CHECK_EQUAL(bytes, std::string{"a\xef\xbf\xbd"
                                     "80b\xef\xbf\xbd"
                                     "c3"});
  auto itself = text_of_bytes("\xef\xbf\xbd"
                              "ff");
  CAF_CHECK_EQUAL(itself, std::string{"\xef\xbf\xbd"
                                      "ef\xef\xbf\xbd"
                                      "bf\xef\xbf\xbd"
                                      "bdff"});
}

CAF_TEST(no two names look the same and each can be read back) {
  std::set<std::string> seen;
  std::size_t count = 0;
  auto check = [&](const std::string& name) {
    auto text = text_of_bytes(name);
    ++count;
    seen.insert(text);
    if (!is_utf8(text) || bytes_of_text(text) != name)
      CAF_ERROR("not told apart: " << text);
  };
  for (int a = 0; a < 256; ++a) {
    check({static_cast<char>(a)});
    for (int b = 0; b < 256; ++b)
      check({static_cast<char>(a), static_cast<char>(b)});
  }
  for (const char* name : {"\xef\xbf\xbd"
                           "ff",
                           "\xef\xbf\xbd"
                           "FF",
                           "\xef\xbf\xbd",
                           "\xef\xbf"
                           "ff",
                           "\xff"
                           "ff",
                           "%FF",
                           "\xc3\xbf"
                           "\xff"})
    check(name);
  CAF_CHECK_EQUAL(seen.size(), count);
}

CAF_TEST(a sign that stands for nothing stays) {
  for (const char* text : {"\xef\xbf\xbd",
                           "\xef\xbf\xbd"
                           "f",
                           "\xef\xbf\xbd"
                           "FF",
                           "a\xef\xbf\xbdg0"}) {
    auto bytes = bytes_of_text(text);
    CAF_CHECK_EQUAL(bytes, std::string{text});
  }
}
