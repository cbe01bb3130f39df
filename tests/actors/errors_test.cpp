#define CAF_SUITE errors

#include "actors/errors.hpp"

#include <caf/sec.hpp>
#include <caf/test/unit_test.hpp>

using namespace lmq;

CAF_TEST(every reason crosses from actor to actor as it was) {
  for (auto why : {reason::bad_name, reason::bad_pattern, reason::bad_property, reason::unknown_property,
                   reason::unknown_hook, reason::no_such_lease, reason::no_such_queue, reason::over_limit,
                   reason::unavailable, reason::queue_full, reason::no_such_message, reason::no_space}) {
    refusal r{why, "what to do instead"};
    auto e = to_error(r);
    CAF_CHECK(bool(e));
    CAF_CHECK(to_refusal(e) == r);
    CAF_CHECK(!bounced(e));
  }
}

CAF_TEST(an error of somebody else is unavailable and a bounce is told apart) {
  CAF_CHECK(to_refusal(caf::sec::runtime_error).why == reason::unavailable);
  CAF_CHECK(to_refusal(caf::error{}).why == reason::unavailable);
  CAF_CHECK(bounced(caf::sec::request_receiver_down));
  CAF_CHECK(!bounced(caf::sec::runtime_error));
}
