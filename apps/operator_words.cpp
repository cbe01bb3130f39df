#include "apps/operator_words.hpp"

#include "actors/stats/report.hpp"
#include "apps/help.hpp"
#include "apps/values.hpp"
#include "core/properties.hpp"
#include "core/utf8.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace lmq {

namespace {

/// Properties of which every value is a text.
constexpr std::array<std::string_view, 1> texts{"dead_letter"};

/// What stands behind `KEY=`: JSON, and what is none is a text. A property that is a text takes all but a
/// JSON string as it stands there: `dead_letter=5` is the queue named 5. Any bytes are a name.
nlohmann::ordered_json value_of(std::string_view key, const std::string& text) {
  auto value = nlohmann::ordered_json::parse(text, nullptr, false);
  bool is_text = value.is_discarded() || std::find(texts.begin(), texts.end(), key) != texts.end();
  return is_text && !value.is_string() ? nlohmann::ordered_json(text_of_bytes(text)) : std::move(value);
}

/// `{"retry":2}` as it is, or `retry=2 timeout=30` as an object.
checked<std::string> object_of(const std::vector<std::string>& words) {
  if (words.size() == 1 && words.front().starts_with('{'))
    return words.front();
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const auto& word : words) {
    auto at = word.find('=');
    if (at == std::string::npos || at == 0)
      return tl::unexpected<std::string>(fmt::format(
        "props set: \"{}\" is no setting; write key=value, as in retry=2, or one JSON object", word));
    auto key = word.substr(0, at);
    object[key] = value_of(key, word.substr(at + 1));
  }
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

} // namespace

std::string complaint_of_name(const std::string& name) {
  auto good = check_queue_name(name);
  return good ? std::string{} : good.error().detail;
}

void operator_words::add_to(const add_command& add) {
  queues_ = add("queues", "Lists the queues with what they hold.");
  add_match(queues_);
  add_json(queues_);
  peek_ = add("peek", "Shows the messages that are next in line, and leaves them where they are.");
  add_queue(peek_);
  peek_
    ->add_option(
      "-n", n_,
      fmt::format("how many, at most {} [{}]", peek_limits::messages_max, peek_limits::messages_default))
    ->type_name("N");
  add_json(peek_);
  purge_ = add("purge", "Drops all messages of a queue that are ready.");
  add_remark(purge_, help_text::purge);
  add_queue(purge_);
  add_json(purge_);
  redrive_ = add("redrive", "Sends dead letters back to the queues in which they died.");
  add_remark(redrive_, help_text::redrive);
  add_queue(redrive_);
  redrive_->add_option("--limit", limit_, fmt::format("how many at most [{}]", redrive_max))->type_name("N");
  add_json(redrive_);
  delete_ = add("delete", "Deletes a queue with all its messages, also those that are leased.");
  add_remark(delete_, help_text::delete_queue);
  add_queue(delete_);
  revive_ = add("revive", "Starts a queue again that crashed too often and is down.");
  add_remark(revive_, help_text::revive);
  add_queue(revive_);
  pause_ = add("pause", "Makes a queue deliver nothing until it is resumed; pushes and settles go on.");
  add_queue(pause_);
  resume_ = add("resume", "Makes a paused queue deliver again.");
  add_queue(resume_);
  props_ =
    add_verbs(add("props", "Shows or changes the properties of a queue."), "Shows those in force.",
              "Changes some of its own; the others stay.", "Forgets its own: rules and defaults hold.");
  for (auto* verb : {props_.get, props_.set, props_.reset})
    add_queue(verb);
  props_.set->add_option("PROPERTIES", change_, "key=value, one or more; or one JSON object")
    ->required()
    ->type_name("");
  rules_ = add_verbs(add("rules", "Shows or changes the rules: the properties of queues by name."),
                     "Shows them in their order; only the first that matches a name counts.",
                     "Replaces all of them.", "Removes all of them.");
  rules_.set
    ->add_option("FILE", file_,
                 "a list of [\"REGEX\",{\"property\":value}] in JSON; -, or nothing: standard input")
    ->type_name("");
  stats_ = add("stats", "Shows how fast the queues are.");
  add_json(stats_);
  top_ = add("top", "Shows the queues with most messages, again and again; q or Ctrl-C ends it.");
  add_remark(top_, fmt::format("At most the {} with most messages of those that match.",
                               queue_page_limits::queues_max));
  add_match(top_);
  top_->add_option("--every", every_, "seconds between two looks [2]")->type_name("SECONDS");
  top_->add_flag("--once", once_, "print the table once, and end; needs no terminal");
}

operator_words::verbs operator_words::add_verbs(CLI::App* all, const char* get, const char* set,
                                                const char* reset) {
  all->require_subcommand(1);
  auto add = [&](const char* name, const char* help) {
    return all->add_subcommand(name, help)->group("Commands")->fallthrough();
  };
  verbs out{all, add("get", get), add("set", set), add("reset", reset)};
  add_json(out.get);
  return out;
}

void operator_words::add_queue(CLI::App* to) {
  to->add_option("QUEUE", queue_, "the queue; any bytes but control characters")
    ->required()
    ->type_name("")
    ->check(complaint_of_name);
}

void operator_words::add_json(CLI::App* to) {
  to->add_flag("--json", json_, "print the server's document instead of a table");
}

void operator_words::add_match(CLI::App* to) {
  to->add_option("--match", match_, "only those whose names this regular expression finds [all]")
    ->type_name("RE");
}

checked<std::optional<operator_words::wanted>> operator_words::read() const {
  if (queues_->parsed())
    return client::queues{match_, json_};
  if (peek_->parsed())
    return read_peek();
  if (purge_->parsed())
    return client::purge{queue_, json_};
  if (redrive_->parsed())
    return read_redrive();
  if (delete_->parsed())
    return client::delete_queue{queue_};
  if (revive_->parsed())
    return client::revive{queue_};
  if (pause_->parsed() || resume_->parsed())
    return client::pause{queue_, resume_->parsed()};
  if (props_.all->parsed())
    return read_props();
  if (rules_.all->parsed())
    return client::rules{rules_.chosen(), file_, json_};
  if (stats_->parsed())
    return client::stats{json_};
  if (top_->parsed())
    return read_top();
  return std::nullopt;
}

checked<operator_words::wanted> operator_words::read_peek() const {
  client::peek peek{.queue = queue_, .json = json_};
  if (!n_.empty()) {
    auto n = parse_whole(n_, {1, peek_limits::messages_max});
    if (!n)
      return tl::unexpected<std::string>("-n: " + n.error());
    peek.n = *n;
  }
  return peek;
}

checked<operator_words::wanted> operator_words::read_redrive() const {
  client::redrive redrive{.queue = queue_, .json = json_};
  if (!limit_.empty()) {
    auto limit = parse_whole(limit_, {1, redrive_max});
    if (!limit)
      return tl::unexpected<std::string>("--limit: " + limit.error());
    redrive.limit = *limit;
  }
  return redrive;
}

checked<operator_words::wanted> operator_words::read_top() const {
  client::top top{.match = match_, .once = once_};
  if (!every_.empty()) {
    auto every = parse_seconds(every_);
    if (!every)
      return tl::unexpected<std::string>("--every: " + every.error());
    top.every = *every;
  }
  return top;
}

checked<operator_words::wanted> operator_words::read_props() const {
  client::props props{.verb = props_.chosen(), .queue = queue_, .json = json_};
  if (props.verb == client::of_settings::set) {
    auto change = object_of(change_);
    if (!change)
      return tl::unexpected<std::string>(std::move(change).error());
    props.change = *std::move(change);
  }
  return props;
}

} // namespace lmq
