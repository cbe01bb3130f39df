// A broker with a journal that does as it is told: what it was sent is to be seen, and nothing is safe until
// the test says so.
#pragma once

#include "broker_fixture.hpp"
#include "fact_text.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace lmq {

struct test_journal {
  struct entry {
    std::shared_ptr<const std::string> queue;
    fact_batch facts;
    std::uint64_t number;
  };

  /// A message that was pushed to another queue.
  struct moved_message {
    std::string queue;
    message_id id;
    message content;
  };

  std::vector<entry> heard;
  std::vector<moved_message> moved;
  std::optional<refusal> refuse; ///< what is moved
  bool safe_at_once = false;
  const std::shared_ptr<write_room> room = std::make_shared<write_room>();

  /// An actor that writes down here what it hears.
  static journal_handle spawn(caf::actor_system& system, std::shared_ptr<test_journal> into) {
    auto journal = [](journal_handle::pointer self,
                      const std::shared_ptr<test_journal>& log) -> journal_handle::behavior_type {
      return {[self, log](record_atom, const std::shared_ptr<const std::string>& queue,
                          const fact_batch& facts, std::uint64_t number) {
                log->heard.push_back({queue, facts, number});
                if (log->safe_at_once)
                  caf::anon_send(caf::actor_cast<queue_handle>(self->current_sender()), safe_atom::value,
                                 number);
              },
              [log](push_atom, const std::shared_ptr<const std::string>& queue, message_id id,
                    const message& m) -> caf::result<push_outcome> {
                log->moved.push_back({*queue, id, m});
                if (log->refuse)
                  return to_error(*log->refuse);
                return push_outcome::stored;
              }};
    };
    return system.spawn(journal, std::move(into));
  }
};

struct journal_fixture : broker_fixture {
  static constexpr home_tag home{7};

  journal_fixture() : journal_fixture(std::make_shared<test_journal>()) {}

  explicit journal_fixture(std::shared_ptr<test_journal> log)
      : broker_fixture([&](caf::actor_system& system) {
          broker_options options{.hooks = hook_catalog::built_in()};
          options.journal = test_journal::spawn(system, log);
          options.home = home;
          options.room = log->room;
          return options;
        }),
        journal(std::move(log)) {}

  template <class... Ts>
  void tell(const std::string& name, const Ts&... what) {
    caf::anon_send(queue(name).actor, what...);
    consume_messages();
  }

  /// At home here, with these.
  void serve(const std::string& name, std::vector<held_unit> units = {}) {
    tell(name, serve_atom::value,
         unit_list{std::make_shared<const std::vector<held_unit>>(std::move(units))});
  }
  void hold(const std::string& name) {
    CAF_CHECK(!ask<caf::unit_t>(queue(name).actor, hold_atom::value).refused());
  }
  void safe(const std::string& name, std::uint64_t number) { tell(name, safe_atom::value, number); }

  answer<push_outcome> push_as(const std::string& name, message_id id, const std::string& body) {
    return ask<push_outcome>(queue(name).actor, push_atom::value, id, text(body), request_headers{});
  }

  queue_report report(const std::string& name) {
    return ask<queue_report>(queue(name).actor, report_atom::value).value();
  }

  /// What the journal has heard since it was asked last: a line for each batch.
  std::string heard() {
    std::string all;
    for (const auto& e : journal->heard)
      all += (all.empty() ? "" : " | ") + std::to_string(e.number) + ": " + joined(texts(*e.facts));
    journal->heard.clear();
    return all;
  }

  void kill(const std::string& name) {
    caf::anon_send_exit(queue(name).actor, caf::exit_reason::kill);
    consume_messages();
  }

  std::shared_ptr<test_journal> journal;
};

} // namespace lmq
