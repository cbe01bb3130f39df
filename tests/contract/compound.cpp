// Reads cf=msgpack, telling str from bin; writes what cf=multipart must look like.
#include "tests/contract/compound.hpp"

#include "tests/support/packed.hpp"

namespace lmq::contract {

using lmq::testing::malformed_value;
using lmq::testing::packed;

namespace {

std::string contents_of(const packed& value, packed::kind kind, const char* what) {
  if (value.type() != kind)
    throw malformed_value(std::string(what) + " has the wrong type of MessagePack");
  return value.contents();
}

compound_part part_of(const packed& value) {
  auto members = value.elements();
  if (members.size() != 2)
    throw malformed_value("a part has not two members");
  compound_part part;
  for (auto& [name, text] : members[0].members())
    part.headers.emplace_back(contents_of(name, packed::kind::str, "a header's name"),
                              contents_of(text, packed::kind::str, "a header's value"));
  part.body = contents_of(members[1], packed::kind::bin, "the body of a part");
  return part;
}

} // namespace

std::vector<compound_part> unpack_compound(std::string_view body) {
  std::vector<compound_part> parts;
  for (auto& part : packed::of_bytes(std::string(body)).elements())
    parts.push_back(part_of(part));
  return parts;
}

std::string multipart_text(std::string_view boundary, const std::vector<compound_part>& parts) {
  std::string out;
  for (auto& part : parts) {
    out.append("\r\n--").append(boundary).append("\r\n");
    for (auto& [name, value] : part.headers)
      out.append(name).append(": ").append(value).append("\r\n");
    out.append("content-transfer-encoding: binary\r\n\r\n").append(part.body);
  }
  return out.append("\r\n--").append(boundary).append("--\r\n");
}

} // namespace lmq::contract
