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

CAF_TEST(what a terminal or a reader of lines obeys is a control character) {
  auto code_at = [](std::string_view bytes) {
    auto control = control_at(bytes);
    return control.bytes > 0 ? static_cast<int>(control.code) : -1;
  };
  for (int c = 0; c < 0x80; ++c) {
    auto code = code_at(std::string(1, static_cast<char>(c)));
    CAF_CHECK_EQUAL(code, c < 0x20 || c == 0x7f ? c : -1);
  }
  for (int c = 0x80; c < 0xc0; ++c) {
    auto code = code_at(std::string{"\xc2"} + static_cast<char>(c) + "x");
    CAF_CHECK_EQUAL(code, c < 0xa0 ? c : -1);
  }
  for (auto [text, expected] : {std::pair{"\xe2\x80\xa7", -1},
                                {"\xe2\x80\xa8", 0x2028},
                                {"\xe2\x80\xa9", 0x2029},
                                {"\xe2\x80\xaa", -1},
                                {"\xe2\x80", -1},
                                {"\xc2", -1},
                                {"\x9b", -1},
                                {"a\x1b", -1},
                                {"", -1}}) {
    auto code = code_at(text);
    CAF_CHECK_EQUAL(code, expected);
  }
}

CAF_TEST(what is shown has no control characters and is text) {
  auto shown = [](std::string_view bytes) { return in_sight(bytes); };
  CAF_CHECK_EQUAL(shown("a \"b\" \\ caf\xc3\xa9 \xf0\x9f\x98\x80\xc2\xa0"),
                  "a \"b\" \\ caf\xc3\xa9 \xf0\x9f\x98\x80\xc2\xa0");
  CAF_CHECK_EQUAL(shown(""), "");
  CAF_CHECK_EQUAL(shown(std::string_view{"a\n\0\x1b[31m\x7f", 9}), R"(a\x0a\x00\x1b[31m\x7f)");
  CAF_CHECK_EQUAL(shown("\xc2\x9b"
                        "2J\xc2\x85"),
                  R"(\x9b2J\x85)");
  CAF_CHECK_EQUAL(shown("a\xe2\x80\xa8"
                        "b\xe2\x80\xa9"),
                  R"(a\u2028b\u2029)");
  CAF_CHECK_EQUAL(shown("\x9b"
                        "2J\xff\xe2\x80"),
                  R"(\x9b2J\xff\xe2\x80)");
  // No byte of what is shown begins anything but a character that stands there.
  for (int first = 0; first < 0x100; ++first)
    for (int second = 0; second < 0x100; ++second) {
      auto text = in_sight(std::string{static_cast<char>(first), static_cast<char>(second), '\x80', 'x'});
      if (!is_utf8(text))
        CAF_FAIL("no text: " << first << ' ' << second);
      for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(1))
        if (control_at(rest).bytes > 0)
          CAF_FAIL("a control character: " << first << ' ' << second);
    }
}

CAF_TEST(a JSON text that is shown has no control characters in its strings) {
  auto shown = [](std::string_view document) { return json_in_sight(document); };
  CAF_CHECK_EQUAL(shown(""), "");
  CAF_CHECK_EQUAL(shown("{\"a\":\t\"caf\xc3\xa9 \xf0\x9f\x98\x80\xc2\xa0\",\r\n\"b\":[1,\"\\n\\\"\"]}\n"),
                  "{\"a\":\t\"caf\xc3\xa9 \xf0\x9f\x98\x80\xc2\xa0\",\r\n\"b\":[1,\"\\n\\\"\"]}\n");
  CAF_CHECK_EQUAL(shown("[\"\xc2\x9b"
                        "2J\xc2\x85\x7f\"]"),
                  R"(["\u009b2J\u0085\u007f"])");
  // A backslash before it is one of its own.
  CAF_CHECK_EQUAL(shown("[\"\\\\\xe2\x80\xa8"
                        "b\xe2\x80\xa9\"]"),
                  R"(["\\\u2028b\u2029"])");
  // No JSON has these, but who asks for it may be answered with something else.
  CAF_CHECK_EQUAL(shown(std::string_view{"\0\x1b[2J\b", 6}), R"(\u0000\u001b[2J\u0008)");
  // Bytes that are no text, or the beginning of one, stay.
  CAF_CHECK_EQUAL(shown("\xc2"), "\xc2");
  CAF_CHECK_EQUAL(shown("\xff\xe2\x80"), "\xff\xe2\x80");
}
