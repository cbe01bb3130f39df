#include "apps/log.hpp"

#include "apps/log_json.hpp"
#include "core/utf8.hpp"

#include <spdlog/details/log_msg.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

namespace lmq {

namespace {

/// spdlog's levels, in the words of --log-level.
std::string_view word_of(spdlog::level::level_enum level) {
  switch (level) {
  case spdlog::level::trace:
  case spdlog::level::debug: return "debug";
  case spdlog::level::info: return "info";
  case spdlog::level::warn: return "warn";
  case spdlog::level::err:
  case spdlog::level::critical: return "error";
  case spdlog::level::off:
  case spdlog::level::n_levels: break;
  }
  return "off";
}

/// Level and text of an event, with control characters in sight.
class one_line final : public spdlog::custom_flag_formatter {
public:
  void format(const spdlog::details::log_msg& event, const std::tm&, spdlog::memory_buf_t& out) override {
    fmt::format_to(std::back_inserter(out), "{} ", word_of(event.level));
    auto text = in_sight({event.payload.data(), event.payload.size()});
    out.append(text.data(), text.data() + text.size());
  }

  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<one_line>(); }
};

/// The same as members of an object.
class json_members final : public spdlog::custom_flag_formatter {
public:
  void format(const spdlog::details::log_msg& event, const std::tm&, spdlog::memory_buf_t& out) override {
    auto members = log_members(word_of(event.level), {event.payload.data(), event.payload.size()});
    out.append(members.data(), members.data() + members.size());
  }

  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<json_members>(); }
};

std::unique_ptr<spdlog::pattern_formatter> formatter(log_form form) {
  auto out = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  if (form == log_form::json)
    out->add_flag<json_members>('*').set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%*})");
  else
    out->add_flag<one_line>('*').set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %*");
  return out;
}

spdlog::level::level_enum to_spdlog(log_level level) {
  switch (level) {
  case log_level::debug: return spdlog::level::debug;
  case log_level::info: return spdlog::level::info;
  case log_level::warn: return spdlog::level::warn;
  case log_level::error: return spdlog::level::err;
  case log_level::off: return spdlog::level::off;
  }
  return spdlog::level::info;
}

} // namespace

void open_log(log_level level, log_form form) {
  auto logger = std::make_shared<spdlog::logger>("lmq", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_formatter(formatter(form));
  logger->set_level(to_spdlog(level));
  spdlog::set_default_logger(std::move(logger));
}

std::string in_log_form(const std::string& event, log_level level, log_form form) {
  spdlog::memory_buf_t out;
  formatter(form)->format(spdlog::details::log_msg{"lmq", to_spdlog(level), event}, out);
  return fmt::to_string(out);
}

} // namespace lmq
