#include "apps/command_line.hpp"

#include "apps/help.hpp"
#include "apps/option_table.hpp"
#include "core/ids.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

namespace lmq {

namespace {

/// The words of all commands, as CLI11 leaves them.
struct raw_words {
  std::vector<std::string> settings; ///< one for each serve option
  std::string config;
  std::string url, queue, id, body, type, wait;
  bool ack = false;
  bool headers = false;
};

/// A lease id may begin with a dash, and must not be taken for an option: it goes behind a `--`.
std::vector<std::string> with_ids_as_words(std::vector<std::string> words) {
  auto looks_like_option = [](const std::string& word) {
    return word.starts_with('-') && parse_lease_id(word);
  };
  if (std::find(words.begin(), words.end(), "--") == words.end()) {
    auto id = std::stable_partition(words.begin(), words.end(), std::not_fn(looks_like_option));
    if (id != words.end())
      words.insert(id, "--");
  }
  return words;
}

class words_reader {
public:
  explicit words_reader(const char* (*environment)(const char*)) : environment_(environment) {
    app_.require_subcommand(1);
    app_.footer(help_text::exit_codes);
    app_.set_help_flag("-h,--help", "print this and end");
    app_.set_version_flag("--version", "lmq " LMQ_VERSION, "print the version and end");
    app_.option_defaults()->take_last();
    app_.formatter(std::make_shared<help_form>());
    add_serve();
    add_client_commands();
  }

  checked<command> read(const std::vector<std::string>& words) {
    try {
      auto last_first = with_ids_as_words(words); // as CLI11 wants them
      std::reverse(last_first.begin(), last_first.end());
      app_.parse(std::move(last_first));
    } catch (const CLI::CallForVersion& version) {
      return text_wanted{std::string{version.what()} + "\n"};
    } catch (const CLI::CallForHelp&) {
      return text_wanted{app_.help()};
    } catch (const CLI::ParseError& error) {
      return tl::unexpected<std::string>(explain(error, words));
    }
    if (serve_->parsed())
      return read_settings();
    return read_client_command();
  }

private:
  void add_serve() {
    serve_ = app_.add_subcommand("serve", help_text::serve);
    serve_->group("Commands")->footer(help_text::settings);
    auto defaults = settings{};
    raw_.settings.resize(serve_options().size());
    for (std::size_t i = 0; i < serve_options().size(); ++i) {
      auto& option = serve_options()[i];
      auto flag = "--" + std::string{option.name};
      auto help = std::string{option.help};
      auto* added = static_cast<CLI::Option*>(nullptr);
      if (option.placeholder.empty()) {
        added = serve_->add_flag(flag)->description(help);
      } else {
        help += fmt::format(" [{}]", option.show(defaults));
        added = serve_->add_option(flag, raw_.settings[i], help)->type_name(std::string{option.placeholder});
      }
      from_table_.push_back(added->group(std::string{option.group}));
    }
    serve_->add_option("--config", raw_.config, "settings, one a line: key = value; or LMQ_CONFIG")
      ->type_name("FILE")
      ->group("Node");
  }

  CLI::App* add_client_command(const char* name, const char* help) {
    auto* out = app_.add_subcommand(name, help)->group("Commands");
    out->add_option("--url", raw_.url, help_text::url)->type_name("URL");
    return out;
  }

  void add_client_commands() {
    ping_ = add_client_command("ping", "Asks whether a server answers.");
    push_ =
      add_client_command("push", "Pushes a message; reads its body from standard input unless it is given.");
    add_queue(push_);
    body_ = push_->add_option("BODY", raw_.body, "the message's body; as it is, without a line's end")
              ->type_name("");
    push_->add_option("--type", raw_.type, "its content type")->type_name("TYPE");
    pull_ = add_client_command(
      "pull", "Pulls a message: its body goes to standard output, its headers to standard error.");
    pull_->footer(help_text::pull);
    add_queue(pull_);
    wait_ = pull_->add_option("--wait", raw_.wait, "how long to wait for one: seconds, or forever [0]");
    wait_->type_name("SECONDS");
    pull_->add_flag("--ack", raw_.ack, "acknowledge it once it is written");
    pull_->add_flag("--headers", raw_.headers, "print the headers to standard output, before the body");
    add_settle("ack", "Removes a pulled message: it is done.");
    add_settle("nack", "Gives a pulled message back; it is ready again at once and has one retry less.");
    add_settle("ext", "Restarts the clock of a pulled message's lease.");
  }

  void add_queue(CLI::App* to) {
    to->add_option("NAME", raw_.queue, "the queue; any bytes but control characters")
      ->required()
      ->type_name("");
  }

  void add_settle(const char* name, const char* help) {
    auto* out = add_client_command(name, help);
    add_queue(out);
    out->add_option("ID", raw_.id, "the x-lmq-message-id that the pull showed")->required()->type_name("");
  }

  /// The command that was named, if it came so far.
  const CLI::App* chosen() const {
    auto named = app_.get_subcommands();
    return named.empty() ? nullptr : named.front();
  }

  std::string explain(const CLI::ParseError& error, const std::vector<std::string>& words) const {
    if (auto* which = chosen())
      return fmt::format("{}: {}; see lmq {} --help", which->get_name(), error.what(), which->get_name());
    return fmt::format("{}; the first word is serve, ping, push, pull, ack, nack or ext; see lmq --help",
                       words.empty() ? "a command is missing"
                                     : fmt::format("\"{}\" is no command", words.front()));
  }

  /// The word if it was given, else the environment's, else nothing. Empty counts as not given.
  std::optional<std::string> word_or_environment(const std::string& word, const char* variable) const {
    if (!word.empty())
      return word;
    if (const auto* value = environment_(variable); value != nullptr && *value != '\0')
      return value;
    return std::nullopt;
  }

  checked<command> read_settings() const {
    std::vector<given_setting> given;
    if (auto path = word_or_environment(raw_.config, "LMQ_CONFIG")) {
      auto in_file = read_config_file(*path);
      if (!in_file)
        return tl::unexpected<std::string>(std::move(in_file).error());
      given = *std::move(in_file);
    }
    for (auto& setting : settings_in_environment(environment_))
      given.push_back(std::move(setting));
    for (std::size_t i = 0; i < from_table_.size(); ++i)
      if (from_table_[i]->count() > 0) {
        auto key = std::string{serve_options()[i].name};
        given.push_back({key, from_table_[i]->results().back(), "--" + key});
      }
    settings out;
    if (auto done = override_settings(out, given); !done)
      return tl::unexpected<std::string>(std::move(done).error());
    return out;
  }

  checked<command> read_client_command() const {
    auto url =
      client::parse_server_url(word_or_environment(raw_.url, "LMQ_URL").value_or(help_text::default_url));
    if (!url)
      return tl::unexpected<std::string>((raw_.url.empty() ? "LMQ_URL: " : "--url: ") + url.error());
    client::command out{.server = *std::move(url), .what = client::ping{}};
    if (ping_->parsed())
      return out;
    if (push_->parsed()) {
      client::push push{.queue = raw_.queue, .content_type = raw_.type};
      if (body_->count() > 0)
        push.body = raw_.body;
      out.what = std::move(push);
      return out;
    }
    if (pull_->parsed()) {
      client::pull pull{.queue = raw_.queue, .ack = raw_.ack, .headers = raw_.headers};
      if (raw_.wait == "forever") {
        pull.wait = std::nullopt;
      } else if (wait_->count() > 0 && raw_.wait != "0") {
        auto wait = parse_seconds(raw_.wait);
        if (!wait)
          return tl::unexpected<std::string>("--wait: " + wait.error());
        pull.wait = *wait;
      }
      out.what = std::move(pull);
      return out;
    }
    out.what = client::settle{.queue = raw_.queue, .id = raw_.id, .reply = chosen()->get_name()};
    return out;
  }

  const char* (*environment_)(const char*);
  raw_words raw_;
  CLI::App app_{help_text::program, "lmq"};
  CLI::App* serve_ = nullptr;
  CLI::App* ping_ = nullptr;
  CLI::App* push_ = nullptr;
  CLI::App* pull_ = nullptr;
  CLI::Option* body_ = nullptr;
  CLI::Option* wait_ = nullptr;
  std::vector<CLI::Option*> from_table_; ///< as in `serve_options()`
};

} // namespace

checked<command> parse_command_line(const std::vector<std::string>& words,
                                    const char* (*environment)(const char* name)) {
  return words_reader{environment}.read(words);
}

} // namespace lmq
