// What two nodes say first, as bytes, and whom a node wants.
#define CAF_SUITE hello

#include <caf/test/unit_test.hpp>

#include "cluster/transport/hello.hpp"

#include <msgpack.hpp>

using namespace lmq;

namespace {

hello some_hello() {
  return {"left", 17, 1, 2, "127.0.0.1", 7000, 3, ""};
}

} // namespace

CAF_TEST(a hello is read as it was written) {
  auto said = some_hello();
  said.refusal = "no";
  CAF_CHECK(parse_hello(to_bytes(said)) == said);
}

CAF_TEST(fields that a later program appends are no hindrance) {
  msgpack::sbuffer out;
  msgpack::packer<msgpack::sbuffer> to{out};
  to.pack_array(11);
  to.pack("LMQ hello").pack("left").pack(17).pack(1).pack(2).pack("127.0.0.1").pack(7000).pack(3).pack("");
  to.pack("later").pack(4);
  CAF_CHECK(parse_hello({out.data(), out.size()}) == some_hello());
}

CAF_TEST(what is no hello is told from one) {
  auto good = to_bytes(some_hello());
  CAF_CHECK(!parse_hello(""));
  CAF_CHECK(!parse_hello("GET / HTTP/1.1"));
  CAF_CHECK(!parse_hello(std::string(hello_bytes_max + 1, '\xc0')));
  for (std::size_t n = 0; n < good.size(); ++n)
    CAF_CHECK(!parse_hello(std::string_view{good}.substr(0, n)));
  auto other_magic = good;
  other_magic[2] = 'X';
  CAF_CHECK(!parse_hello(other_magic));
  auto nameless = some_hello();
  nameless.node.clear();
  CAF_CHECK(!parse_hello(to_bytes(nameless)));
  auto loud = some_hello();
  loud.node = "a\nb";
  CAF_CHECK(!parse_hello(to_bytes(loud)));
}

CAF_TEST(the greatest version that both speak is used) {
  hello ours{"left", 1, 2, 4, "", 0, 0, ""};
  hello theirs{"right", 2, 1, 3, "", 0, 0, ""};
  CAF_CHECK(judge(ours, theirs).value() == 3);
  CAF_CHECK(judge(theirs, ours).value() == 3);
}

CAF_TEST(versions that do not meet are refused by both) {
  hello ours{"left", 1, 3, 4, "", 0, 0, ""};
  hello theirs{"right", 2, 1, 2, "", 0, 0, ""};
  auto here = judge(ours, theirs);
  auto there = judge(theirs, ours);
  CAF_REQUIRE(!here && !there);
  CAF_CHECK(here.error().what == objection::kind::version);
  CAF_CHECK(there.error().what == objection::kind::version);
  CAF_CHECK(here.error().sentence.find("versions 3 to 4") != std::string::npos);
}

CAF_TEST(a node refuses its own name and its own incarnation) {
  hello ours{"left", 1, 1, 1, "", 0, 0, ""};
  hello namesake{"left", 2, 1, 1, "", 0, 0, ""};
  auto objected = judge(ours, namesake);
  CAF_REQUIRE(!objected);
  CAF_CHECK(objected.error().what == objection::kind::name);
  objected = judge(ours, ours);
  CAF_REQUIRE(!objected);
  CAF_CHECK(objected.error().what == objection::kind::itself);
}
