#include "tests/simulation/text.hpp"

#include <chrono>

namespace lmq::simulation {

namespace {

std::string text_of(const std::vector<message_id>& ids) {
  std::string all;
  for (auto id : ids)
    all += (all.empty() ? "" : " ") + lmq::simulation::text_of(id);
  return "[" + all + "]";
}

std::string text_of(duration d) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(d).count()) + " ms";
}

std::string text_of(const delivery_state& s) {
  return "delivery " + std::to_string(s.deliveries) + (s.lease ? ", leased for " + text_of(*s.lease) : "") +
         (s.exhausted ? ", exhausted" : "");
}

struct teller {
  std::string operator()(const facts::put& x) const {
    return "put " + lmq::simulation::text_of(x.id) +
           (x.window ? " into " + lmq::simulation::text_of(x.window->unit) : "");
  }
  std::string operator()(const facts::closed& x) const {
    return "closed " + lmq::simulation::text_of(x.unit) + " " + text_of(x.parts);
  }
  std::string operator()(const facts::leased& x) const {
    return "leased " + lmq::simulation::text_of(x.unit) + ", delivery " + std::to_string(x.delivery) +
           ", for " + text_of(x.lease);
  }
  std::string operator()(const facts::ended& x) const {
    return "ended " + lmq::simulation::text_of(x.unit) + ", delivery " + std::to_string(x.delivery) +
           (x.in_place ? ", in place" : "");
  }
  std::string operator()(const facts::settled& x) const {
    return (x.why == facts::settled::cause::ack ? "settled " : "discarded ") + text_of(x.ids);
  }
};

} // namespace

std::string text_of(message_id id) {
  return std::to_string(id.incarnation % 100'000) + "." + std::to_string(id.counter);
}

std::string text_of(const fact& what) {
  return std::visit(teller{}, what);
}

std::string text_of(const held_unit& what) {
  auto all = text_of(what.unit) + ", " + text_of(what.state);
  if (what.window)
    all += ", open for " + text_of(*what.window);
  if (const auto* parts = std::get_if<std::shared_ptr<const compound>>(&what.content))
    for (const auto& p : **parts)
      all += " " + text_of(p.id);
  return all;
}

std::string text_of(const unit_record& what) {
  auto all = text_of(what.unit) + ", delivery " + std::to_string(what.state.deliveries) +
             (what.state.lease ? ", leased" : "") + (what.window ? ", open" : "");
  return what.compound ? all + " " + text_of(what.parts) + " of " + text_of(what.listed) : all;
}

} // namespace lmq::simulation
