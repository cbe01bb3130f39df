// A compound as one body: multipart/mixed or MessagePack.
#pragma once

#include "core/message.hpp"
#include "gateway/outbox.hpp"

#include <cstdint>
#include <string_view>

namespace lmq {

/// What a message without a content type is answered with.
inline constexpr std::string_view default_content_type = "application/octet-stream";

/// The content type to show for `m`.
std::string_view shown_content_type(const message& m);

/// RFC 2046. The body begins with a line end, and its boundary is the lease id.
std::uint64_t multipart_size(const compound& parts, std::string_view boundary);
void append_multipart(outbox& out, const compound& parts, std::string_view boundary);

/// An array of pairs: a map of headers (str to str), and the body (bin).
std::uint64_t msgpack_size(const compound& parts);
void append_msgpack(outbox& out, const compound& parts);

} // namespace lmq
