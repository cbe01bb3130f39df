// Ctrl-C and SIGTERM end a run by an exception, so that every child is ended by its owner's destructor.
#pragma once

#include <chrono>
#include <stdexcept>

namespace lmq::bench {

/// The program was asked to stop.
struct interrupted : std::runtime_error {
  interrupted() : std::runtime_error{"interrupted"} {}
};

/// Installs the handlers of SIGINT and SIGTERM, and ignores SIGPIPE. Once, before any thread.
void catch_interrupts() noexcept;

bool was_interrupted() noexcept;

/// Errors: interrupted
void throw_if_interrupted();

/// Lets time pass while a server is being measured; not a way to wait for something to happen.
/// Errors: interrupted
void let_pass(std::chrono::milliseconds time);

} // namespace lmq::bench
