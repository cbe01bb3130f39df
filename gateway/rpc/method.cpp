#include "gateway/rpc/method.hpp"

#include "gateway/rpc/properties.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <utility>

namespace lmq {

namespace {

using question = tl::expected<rpc_question, rpc_error>;

tl::unexpected<rpc_error> no(rpc_error why) {
  return tl::unexpected<rpc_error>(why);
}

template <class T>
tl::unexpected<rpc_error> pass_on(const tl::expected<T, rpc_error>& failed) {
  return no(failed.error());
}

// -- arguments ---------------------------------------------------------------------------------------------------------

tl::expected<std::string, rpc_error> text(value_reader& in) {
  auto is = in.text();
  if (!is)
    return no(rpc_errors::bad_argument);
  return std::string(*is);
}

/// A name that no queue can have is as wrong as one that is no string.
tl::expected<std::string, rpc_error> queue_name(value_reader& in) {
  auto name = in.text();
  if (!name || !check_queue_name(*name))
    return no(rpc_errors::bad_argument);
  return std::string(*name);
}

/// Seconds from 0 on; absent: without limit.
tl::expected<wait_time, rpc_error> time_to_wait(rpc_params& given, const gateway_limits& limits) {
  if (given.count < 2)
    return wait_time{};
  auto seconds = given.values.number();
  if (!seconds || !(*seconds >= 0))
    return no(rpc_errors::bad_argument);
  auto max = std::chrono::duration_cast<milliseconds>(limits.wait_max);
  if (*seconds * 1000 >= static_cast<double>(max.count()))
    return wait_time{max};
  // What is above 0 stays so: 0 has a meaning of its own.
  return wait_time{milliseconds{*seconds > 0 ? std::max(1LL, std::llround(*seconds * 1000)) : 0}};
}

/// The last argument, byte for byte.
payload content_of(value_reader& in) {
  return payload::copy_of(rpc_content_type, in.rest());
}

// -- methods -----------------------------------------------------------------------------------------------------------

question push(rpc_params& given, const gateway_limits&) {
  auto queue = queue_name(given.values);
  if (!queue)
    return pass_on(queue);
  return rpc_question{push_one{std::move(*queue)}, content_of(given.values), rpc_result::pushed};
}

question push_all(rpc_params& given, const gateway_limits&) {
  auto pattern = text(given.values);
  if (!pattern)
    return pass_on(pattern);
  return rpc_question{push_matching{std::move(*pattern)}, content_of(given.values), rpc_result::ok};
}

question pull(rpc_params& given, const gateway_limits& limits) {
  auto queue = queue_name(given.values);
  if (!queue)
    return pass_on(queue);
  auto wait = time_to_wait(given, limits);
  if (!wait)
    return pass_on(wait);
  return rpc_question{pull_one{std::move(*queue), *wait}, {}, rpc_result::message};
}

question pull_any(rpc_params& given, const gateway_limits& limits) {
  auto pattern = text(given.values);
  if (!pattern)
    return pass_on(pattern);
  auto wait = time_to_wait(given, limits);
  if (!wait)
    return pass_on(wait);
  return rpc_question{pull_matching{std::move(*pattern), *wait}, {}, rpc_result::message};
}

template <verdict What>
question settle(rpc_params& given, const gateway_limits&) {
  auto queue = queue_name(given.values);
  if (!queue)
    return pass_on(queue);
  auto id = given.values.text();
  if (!id)
    return no(rpc_errors::bad_argument);
  auto lease = parse_lease_id(*id);
  if (!lease)
    return no(rpc_errors::not_found);
  return rpc_question{settle_lease{std::move(*queue), *lease, What}, {}, rpc_result::ok};
}

question remove(rpc_params& given, const gateway_limits&) {
  auto queue = queue_name(given.values);
  if (!queue)
    return pass_on(queue);
  return rpc_question{delete_queue{std::move(*queue)}, {}, rpc_result::gone};
}

question update_props(rpc_params& given, const gateway_limits& limits) {
  auto queue = queue_name(given.values);
  if (!queue)
    return pass_on(queue);
  if (given.count < 2)
    return rpc_question{delete_properties{std::move(*queue)}, {}, rpc_result::ok};
  if (given.values.peek().kind != value_kind::map)
    return no(rpc_errors::bad_argument);
  if (given.values.rest().size() > limits.document_bytes_max)
    return no(rpc_errors::over_limit);
  auto change = read_properties(given.values);
  if (!change)
    return no(rpc_errors::invalid);
  return rpc_question{patch_properties{std::move(*queue), std::move(*change)}, {}, rpc_result::ok};
}

question set_default_props(rpc_params& given, const gateway_limits& limits) {
  if (given.values.peek().kind != value_kind::array)
    return no(rpc_errors::bad_argument);
  if (given.values.rest().size() > limits.document_bytes_max ||
      given.values.peek().values > property_limits::rules_max)
    return no(rpc_errors::over_limit);
  auto rules = read_rules(given.values);
  if (!rules)
    return no(rpc_errors::invalid);
  return rpc_question{put_rules{std::move(*rules)}, {}, rpc_result::ok};
}

question get_default_props(rpc_params&, const gateway_limits&) {
  return rpc_question{get_rules{}, {}, rpc_result::rules};
}

struct method {
  std::string_view name;
  unsigned arguments_min, arguments_max;
  question (*read)(rpc_params& given, const gateway_limits& limits);
};

constexpr method methods[] = {
  {"push", 2, 2, push},
  {"pull", 1, 2, pull},
  {"done", 2, 2, settle<verdict::ack>},
  {"retain", 2, 2, settle<verdict::extend>},
  {"release", 2, 2, settle<verdict::nack>},
  {"push_all", 2, 2, push_all},
  {"pull_any", 1, 2, pull_any},
  {"delete", 1, 1, remove},
  {"update_props", 1, 2, update_props},
  {"set_default_props", 1, 1, set_default_props},
  {"get_default_props", 0, 0, get_default_props},
};

} // namespace

tl::expected<rpc_question, rpc_error> read_call(const rpc_message& call, const gateway_limits& limits) {
  const auto* found = std::find_if(std::begin(methods), std::end(methods),
                                   [&](const method& m) { return call.method == m.name; });
  if (found == std::end(methods))
    return no(rpc_errors::undefined);
  if (!call.params)
    return no(rpc_errors::bad_argument);
  if (call.params->count < found->arguments_min || call.params->count > found->arguments_max)
    return no(rpc_errors::undefined);
  auto given = *call.params;
  return found->read(given, limits);
}

} // namespace lmq
