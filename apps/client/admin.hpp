// The commands of operators: queues, their messages, their properties, the rules.
#pragma once

#include "apps/client/talk.hpp"

namespace lmq::client {

exit_code carry_out(const queues& what, const talk& with);
exit_code carry_out(const peek& what, const talk& with);
exit_code carry_out(const purge& what, const talk& with);
exit_code carry_out(const redrive& what, const talk& with);
exit_code carry_out(const delete_queue& what, const talk& with);
exit_code carry_out(const revive& what, const talk& with);
exit_code carry_out(const pause& what, const talk& with);
exit_code carry_out(const props& what, const talk& with);
exit_code carry_out(const rules& what, const talk& with);
exit_code carry_out(const stats& what, const talk& with);
exit_code carry_out(const top& what, const talk& with); // top.cpp

} // namespace lmq::client
