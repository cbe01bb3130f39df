#include "apps/client/admin.hpp"

#include "actors/stats/report.hpp"
#include "apps/client/admin_text.hpp"

#include <fmt/format.h>

#include <functional>
#include <utility>

namespace lmq::client {

namespace {

using document = tl::expected<std::string, exit_code>;

/// Prints the document itself, or the text that is made of it.
exit_code show(const document& told, bool as_it_is, const talk& with,
               const std::function<checked<std::string>(std::string_view)>& text_of) {
  if (!told)
    return told.error();
  if (as_it_is)
    return with.print_document(*told + '\n');
  auto text = text_of(*told);
  if (!text)
    return with.complain(exit_code::refused, text.error());
  return with.print(*text);
}

std::string path_of(const std::string& queue) {
  return "/queues/" + percent_encoded(queue);
}

/// A request for what is set there.
exit_code settings_of(const std::string& target, of_settings verb, const char* method_of_set,
                      const std::string& body, bool as_it_is, const talk& with,
                      checked<std::string> (*text_of)(std::string_view)) {
  switch (verb) {
  case of_settings::get:
    return show(with.document({.method = "GET", .target = target}), as_it_is, with, text_of);
  case of_settings::set:
    return with.ask(
      {.method = method_of_set, .target = target, .content_type = "application/json", .body = body});
  case of_settings::reset: return with.ask({.method = "DELETE", .target = target});
  }
  return exit_code::usage;
}

/// All queues that match, gathered from as many pages of `GET /queues` as it takes. A page may have fewer
/// than were asked for: what can't be asked, or is deleted meanwhile, is left out.
template <class Into>
exit_code show_queues(const std::string& match, const talk& with, Into into,
                      exit_code (talk::*print)(std::string_view) const) {
  for (std::uint64_t offset = 0;;) {
    auto page = with.document({.method = "GET",
                               .target = fmt::format("/queues?offset={}&limit={}&qre={}", offset,
                                                     queue_page_limits::queues_max, percent_encoded(match))});
    if (!page)
      return page.error();
    auto total = into.add(*page);
    if (!total)
      return with.complain(exit_code::refused, total.error());
    offset += queue_page_limits::queues_max;
    if (offset >= *total)
      return (with.*print)(into.text());
  }
}

} // namespace

exit_code carry_out(const queues& what, const talk& with) {
  return what.json ? show_queues(what.match, with, queues_document{}, &talk::print_document)
                   : show_queues(what.match, with, queues_table{}, &talk::print);
}

exit_code carry_out(const peek& what, const talk& with) {
  return show(
    with.document({.method = "GET", .target = fmt::format("{}/messages?n={}", path_of(what.queue), what.n)}),
    what.json, with, messages_text);
}

exit_code carry_out(const purge& what, const talk& with) {
  return show(with.document({.method = "POST", .target = path_of(what.queue) + "/purge"}), what.json, with,
              purged_text);
}

exit_code carry_out(const redrive& what, const talk& with) {
  return show(with.document({.method = "POST",
                             .target = fmt::format("{}/redrive?limit={}", path_of(what.queue), what.limit)}),
              what.json, with, moved_text);
}

exit_code carry_out(const delete_queue& what, const talk& with) {
  return with.ask({.method = "DELETE", .target = path_of(what.queue)});
}

exit_code carry_out(const revive& what, const talk& with) {
  return with.ask({.method = "POST", .target = path_of(what.queue) + "/revive"});
}

exit_code carry_out(const pause& what, const talk& with) {
  return with.ask({.method = "POST", .target = path_of(what.queue) + (what.resume ? "/resume" : "/pause")});
}

exit_code carry_out(const props& what, const talk& with) {
  return settings_of("/properties/" + percent_encoded(what.queue), what.verb, "PATCH", what.change, what.json,
                     with, properties_text);
}

exit_code carry_out(const rules& what, const talk& with) {
  auto body = what.verb != of_settings::set ? checked<std::string>{}
              : what.file == "-"            ? with.read_input()
                                            : talk::read_file(what.file);
  if (!body)
    return with.complain(exit_code::usage, body.error());
  return settings_of("/properties", what.verb, "PUT", *body, what.json, with, rules_text);
}

exit_code carry_out(const stats& what, const talk& with) {
  return show(with.document({.method = "GET", .target = "/stats"}), what.json, with, stats_text);
}

} // namespace lmq::client
