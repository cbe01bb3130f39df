// What an actor does with an exception out of one of its handlers: the request is answered with an error, the
// crash is logged, the actor ends and its supervisor hears of it, and why.
#pragma once

#include "actors/supervision/life_sign.hpp"
#include "core/log_value.hpp"

#include <caf/error.hpp>
#include <caf/sec.hpp>
#include <exception>
#include <spdlog/spdlog.h>
#include <string>

namespace lmq {

inline caf::error log_crash(const char* actor, const std::string& which, life_sign& life,
                            const std::exception_ptr& thrown) {
  std::string what = "not a std::exception";
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    what = e.what();
  } catch (...) {
  }
  spdlog::error("actor.crashed actor={} name={} what={}", actor, log_value(which), log_value(what));
  life.break_over(std::move(what));
  return caf::sec::runtime_error;
}

} // namespace lmq
