// Streams of MessagePack: wherever they are cut, a frame's end is found where an independent reader finds it,
// or the stream is refused; what is accepted keeps its bounds and can be read to its last byte.
#include "gateway/rpc/frame_splitter.hpp"
#include "gateway/rpc/method.hpp"
#include "gateway/rpc/value_reader.hpp"

#include <msgpack.hpp>

#include <algorithm>
#include <cstdlib>

using namespace lmq;

namespace {

using verdict = tl::expected<std::size_t, frame_fault>;

void require(bool holds) {
  if (!holds)
    std::abort();
}

/// The stream comes in pieces of `step` bytes; an end that is found or a fault is the last word.
verdict find_end_in_pieces(std::string_view stream, std::size_t step, frame_limits limits) {
  frame_splitter splitter{limits};
  for (std::size_t come = 0;;) {
    auto found = splitter.find_end(stream.substr(0, come));
    if (!found || *found > 0 || come == stream.size())
      return found;
    require(splitter.bytes_min() <= limits.bytes_max);
    come = std::min(come + step, stream.size());
  }
}

/// The end of the first value, as msgpack-c sees it; 0 if there is none.
std::size_t end_by_msgpack_c(std::string_view stream) {
  struct : msgpack::null_visitor {
    void parse_error(std::size_t, std::size_t) {}
    void insufficient_bytes(std::size_t, std::size_t) {}
  } visitor;
  std::size_t end = 0;
  return msgpack::parse(stream.data(), stream.size(), end, visitor) ? end : 0;
}

/// Whatever a frame asks for, it ends in a question to the broker or a word of the API.
void check_call(std::string_view frame) {
  static const gateway_limits limits;
  auto message = read_message(frame);
  if (!message)
    return;
  require(!message->id || find_id(frame) == message->id);
  auto question = read_call(*message, limits);
  if (!question) {
    require(!question.error().empty());
    return;
  }
  if (question->result == rpc_result::pushed) {
    require(question->content.content_type() == rpc_content_type);
    require(frame.ends_with(question->content.body()));
    require(is_one_value(question->content.body(), frame.size()));
  }
  if (const auto* pull = std::get_if<pull_one>(&question->what))
    require(check_queue_name(pull->queue) && (!pull->wait || *pull->wait <= limits.wait_max));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 3)
    return 0;
  std::string_view stream{reinterpret_cast<const char*>(data) + 3, size - 3};
  frame_limits limits{.bytes_max = 1 + data[0] * std::uint64_t{16}, .depth_max = 1 + data[1] % 64U};
  auto found = find_end_in_pieces(stream, stream.size() + 1, limits);
  auto again = find_end_in_pieces(stream, 1 + data[2] % 16U, limits);
  // A lie about a length may be seen only when more has come, but the answer is the same in the end.
  require(found.has_value() == again.has_value() && found.value_or(0) == again.value_or(0));
  auto end = end_by_msgpack_c(stream);
  if (!found) {
    if (found.error() == frame_fault::malformed)
      require(end == 0);
    return 0;
  }
  require(*found <= limits.bytes_max);
  require(*found == end);
  if (*found > 0) {
    auto frame = stream.substr(0, *found);
    require(is_one_value(frame, limits.depth_max));
    value_reader reader{frame};
    require(reader.skip() == frame && reader.rest().empty());
    check_call(frame);
  }
  return 0;
}
