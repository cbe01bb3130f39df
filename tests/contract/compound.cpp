// Reads cf=msgpack with msgpack-c, which knows str from bin; writes what cf=multipart must look like.
#include "tests/contract/compound.hpp"

#include <msgpack.hpp>

#include <stdexcept>

namespace lmq::contract {

namespace {

void demand(const msgpack::object& object, msgpack::type::object_type type, const char* what) {
  if (object.type != type)
    throw std::runtime_error(std::string(what) + " has the MessagePack type number " +
                             std::to_string(object.type));
}

std::string str_of(const msgpack::object& object, const char* what) {
  demand(object, msgpack::type::STR, what);
  return {object.via.str.ptr, object.via.str.size};
}

compound_part part_of(const msgpack::object& object) {
  demand(object, msgpack::type::ARRAY, "a part");
  if (object.via.array.size != 2)
    throw std::runtime_error("a part has not two members");
  const auto& headers = object.via.array.ptr[0];
  const auto& body = object.via.array.ptr[1];
  demand(headers, msgpack::type::MAP, "the headers of a part");
  demand(body, msgpack::type::BIN, "the body of a part");
  compound_part part;
  for (std::uint32_t i = 0; i < headers.via.map.size; ++i) {
    const auto& header = headers.via.map.ptr[i];
    part.headers.emplace_back(str_of(header.key, "a header's name"), str_of(header.val, "a header's value"));
  }
  part.body.assign(body.via.bin.ptr, body.via.bin.size);
  return part;
}

} // namespace

std::vector<compound_part> unpack_compound(std::string_view body) {
  std::size_t end = 0;
  auto handle = msgpack::unpack(body.data(), body.size(), end);
  if (end != body.size())
    throw std::runtime_error("bytes behind the MessagePack value");
  demand(handle.get(), msgpack::type::ARRAY, "a compound");
  std::vector<compound_part> parts;
  for (std::uint32_t i = 0; i < handle.get().via.array.size; ++i)
    parts.push_back(part_of(handle.get().via.array.ptr[i]));
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
