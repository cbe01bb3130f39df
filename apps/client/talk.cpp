#include "apps/client/talk.hpp"

#include "apps/output.hpp"
#include "core/utf8.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace lmq::client {

namespace {

std::string text_in(const answer& no, const char* key) {
  auto body = nlohmann::json::parse(no.body, nullptr, false);
  if (body.is_object())
    if (auto found = body.find(key); found != body.end() && found->is_string())
      return found->get<std::string>();
  return {};
}

checked<std::string> read_all(std::FILE* from, std::string_view name) {
  std::string out;
  std::array<char, 65536> chunk{};
  while (auto count = std::fread(chunk.data(), 1, chunk.size(), from))
    out.append(chunk.data(), count);
  if (std::ferror(from) != 0)
    return tl::unexpected<std::string>(fmt::format("can't read {}: {}", name, std::strerror(errno)));
  return out;
}

/// What the server says of its "no": the sentence in its JSON, or else its status.
std::string explanation(const answer& no) {
  auto sentence = text_in(no, "message");
  return sentence.empty() ? fmt::format("the server answered with status {}", no.status) : sentence;
}

} // namespace

std::string reason_in(const answer& no) {
  return text_in(no, "error");
}

void put(std::FILE* to, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), to);
}

exit_code talk::complain(exit_code code, std::string_view sentence) const {
  put(files_.err, fmt::format("lmq: {}\n", in_sight(sentence)));
  return code;
}

exit_code talk::print(std::string_view text) const {
  auto written = write_out(files_.out, text);
  return written ? exit_code::done : complain(exit_code::refused, written.error());
}

exit_code talk::print_document(std::string_view json) const {
  return print(json_in_sight(json));
}

tl::expected<std::string, exit_code> talk::document(const request& asked) const {
  auto reply = exchange(server_, with_, asked);
  if (!reply)
    return tl::unexpected{complain(exit_code::unreachable, reply.error())};
  if (reply->status / 100 != 2)
    return tl::unexpected{refuse(*reply)};
  return std::move(reply->body);
}

exit_code talk::refuse(const answer& no) const {
  if (server_.prefix.empty() || reason_in(no) != "no_such_route")
    return complain(exit_code::refused, explanation(no));
  auto bare = server_;
  bare.prefix.clear();
  return complain(exit_code::usage,
                  fmt::format("{} has a path, and the server there knows no such route; its URL has none: {}",
                              to_text(server_), to_text(bare)));
}

exit_code talk::ask(const request& asked) const {
  auto reply = document(asked);
  return reply ? exit_code::done : reply.error();
}

checked<std::string> talk::read_input() const {
  return read_all(files_.in, "standard input");
}

checked<std::string> talk::read_file(const std::string& path) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "rb"), &std::fclose};
  if (!file)
    return tl::unexpected<std::string>(fmt::format("can't read {}: {}", path, std::strerror(errno)));
  return read_all(file.get(), path);
}

} // namespace lmq::client
