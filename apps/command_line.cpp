#include "apps/command_line.hpp"

#include "apps/help.hpp"
#include "apps/operator_words.hpp"
#include "apps/option_table.hpp"
#include "core/ids.hpp"
#include "core/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <utility>

namespace lmq {

namespace {

/// The words of all commands, as CLI11 leaves them.
struct raw_words {
  std::vector<std::string> settings; ///< one for each serve option
  std::string config;
  std::string url, ca, token, queue, id, body, type, wait;
  std::string address, node, dir, days;
  std::vector<std::string> names; ///< of a certificate
  std::string from, to, data_dir;
  bool ack = false;
  bool headers = false;
  bool json = false;
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
    add_cluster_commands();
    operators_.add_to([this](const char* name, const char* help) { return add_client_command(name, help); });
    add_cert();
    add_disk_commands();
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
    if (cert_->parsed())
      return read_certificate_wanted();
    if (restore_->parsed())
      return restore_wanted{raw_.from, data_dir()};
    if (dump_->parsed())
      return dump_wanted{data_dir()};
    if (repair_->parsed())
      return repair_wanted{data_dir(), raw_.to};
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
        auto shown = option.show(defaults);
        help += fmt::format(" [{}]", shown.empty() ? "none" : shown);
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
    out->add_option("--ca", raw_.ca, help_text::ca)->type_name("FILE");
    out->add_option("--token", raw_.token, help_text::token)->type_name("TOKEN");
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
    add_remark(pull_, help_text::pull);
    add_queue(pull_);
    wait_ = pull_->add_option("--wait", raw_.wait, "how long to wait for one: seconds, or forever [0]");
    wait_->type_name("SECONDS");
    pull_->add_flag("--ack", raw_.ack, "acknowledge it once it is written");
    pull_->add_flag("--headers", raw_.headers, "print the headers to standard output, before the body");
    add_settle("ack", "Removes a pulled message: it is done.");
    add_settle("nack", "Gives a pulled message back; it is ready again at once and has one retry less.");
    add_settle("ext", "Restarts the clock of a pulled message's lease.");
  }

  void add_cluster_commands() {
    join_ =
      add_client_command("join", "Links a node with another one of a cluster, and with all that it knows.");
    add_remark(join_, help_text::join);
    join_->add_option("HOST:PORT", raw_.address, "the other node's cluster port")->required()->type_name("");
    leave_ =
      add_client_command("leave", "Takes a node out of its cluster, once the others hold all that it holds.");
    add_remark(leave_, help_text::leave);
    forget_ = add_client_command("forget", "Makes a cluster wait no more for a node that won't come back.");
    add_remark(forget_, help_text::forget);
    forget_->add_option("NODE", raw_.node, "its name, as lmq status shows it")->required()->type_name("");
    status_ =
      add_client_command("status", "Shows the nodes of a cluster and the queues, as one node sees them.");
    add_remark(status_, help_text::status);
    status_->add_flag("--json", raw_.json, "print both documents as they are: {\"cluster\":…,\"stats\":…}");
  }

  void add_cert() {
    cert_ = app_.add_subcommand("cert", help_text::cert);
    cert_->group("Commands")->require_subcommand(1);
    add_cert_command(
      "init", "Makes an authority, for one cluster or for the clients of HTTPS: ca.pem and ca-key.pem.");
    cert_node_ = add_cert_command(
      "node", "Makes a node's certificate: NAME.pem and NAME-key.pem, after its first name.");
    cert_node_
      ->add_option(
        "NAME", raw_.names,
        "the node, and its files: letters, digits and . _ @ -; as its --name at best. Behind it other "
        "names and addresses by which it is reached")
      ->required()
      ->type_name("");
  }

  void add_disk_commands() {
    backup_ = add_client_command("backup", "Copies the data directory of a running server.");
    add_remark(backup_, help_text::backup);
    backup_->add_option("DIR", raw_.dir, "where the copy is to be, on the server's machine; must not exist")
      ->required()
      ->type_name("");
    restore_ = add_disk_command("restore", "Makes a data directory out of a backup.", help_text::restore,
                                "the data directory that is to be; must not exist, or be empty");
    restore_->add_option("FROM", raw_.from, "the backup")->required()->type_name("");
    dump_ = add_disk_command("dump", "Prints every message in a data directory, each as a line of JSON.",
                             help_text::dump, "the data directory");
    repair_ = add_disk_command("repair", "Salvages what is whole in a damaged data directory.",
                               help_text::repair, "the damaged data directory; it stays as it is");
    repair_->add_option("--to", raw_.to, "where what is whole is to be; must not exist")
      ->required()
      ->type_name("NEWDIR");
  }

  /// A command that no server takes part in.
  CLI::App* add_disk_command(const char* name, const char* help, const char* more,
                             const std::string& directory) {
    auto* out = app_.add_subcommand(name, help)->group("Commands");
    out
      ->add_option("--data-dir", raw_.data_dir,
                   fmt::format("{}; or LMQ_DATA_DIR [{}]", directory, disk_settings{}.directory))
      ->type_name("DIR");
    add_remark(out, more);
    return out;
  }

  std::string data_dir() const {
    return word_or_environment(raw_.data_dir, "LMQ_DATA_DIR").value_or(disk_settings{}.directory);
  }

  CLI::App* add_cert_command(const char* name, const char* help) {
    auto* out = cert_->add_subcommand(name, help)->group("Commands");
    out->add_option("--dir", raw_.dir, "where the authority's files and those of its certificates lie [.]")
      ->type_name("DIR");
    out
      ->add_option("--days", raw_.days,
                   fmt::format("how long it is good for [{}]", x509_limits::days_default))
      ->type_name("N");
    return out;
  }

  void add_queue(CLI::App* to) {
    to->add_option("NAME", raw_.queue, "the queue; any bytes but control characters")
      ->required()
      ->type_name("")
      ->check(complaint_of_name);
  }

  void add_settle(const char* name, const char* help) {
    auto* out = add_client_command(name, help);
    add_queue(out);
    out->add_option("ID", raw_.id, "the x-lmq-message-id that the pull showed")
      ->required()
      ->type_name("")
      ->check([](const std::string& id) {
        return id.empty() ? "it is empty; give the x-lmq-message-id that the pull showed" : std::string{};
      });
  }

  /// The command that was named, as far as it came: `serve`, `cert init`; empty: none.
  std::string chosen() const {
    std::string out;
    for (auto named = app_.get_subcommands(); !named.empty(); named = named.front()->get_subcommands())
      out += (out.empty() ? "" : " ") + named.front()->get_name();
    return out;
  }

  std::string explain(const CLI::ParseError& error, const std::vector<std::string>& words) const {
    if (auto which = chosen(); !which.empty())
      return fmt::format("{}: {}; see lmq {} --help", which, error.what(), which);
    return fmt::format(
      "{}; the first word is serve, ping, push, pull, ack, nack, ext, queues, peek, purge, redrive, "
      "delete, revive, pause, resume, props, rules, stats, top, status, join, leave, forget, backup, restore, dump, repair or cert; see lmq --help",
      words.empty() ? "a command is missing" : fmt::format("\"{}\" is no command", words.front()));
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
        auto& option = serve_options()[i];
        auto& values = from_table_[i]->results();
        // CLI11 keeps all of them; as a list they are what the file and the environment would have.
        auto value =
          option.count == option_count::list ? fmt::format("{}", fmt::join(values, ",")) : values.back();
        given.push_back({std::string{option.name}, std::move(value), "--" + std::string{option.name}});
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
    auto token = client::parse_token(word_or_environment(raw_.token, "LMQ_TOKEN").value_or(""));
    if (!token)
      return tl::unexpected<std::string>((raw_.token.empty() ? "LMQ_TOKEN: " : "--token: ") + token.error());
    if (!raw_.ca.empty() && !url->tls)
      return tl::unexpected<std::string>("--ca: it goes with an https:// URL, and this one is " +
                                         to_text(*url));
    auto authority = word_or_environment(raw_.ca, "LMQ_CA").value_or("");
    if (url->tls && !authority.empty())
      if (auto usable = client::check_authorities(authority); !usable)
        return tl::unexpected<std::string>((raw_.ca.empty() ? "LMQ_CA: " : "--ca: ") + usable.error());
    client::command out{.server = *std::move(url),
                        .with = {.token = *std::move(token), .authority = std::move(authority)},
                        .what = client::ping{}};
    if (ping_->parsed())
      return out;
    auto of_operators = operators_.read();
    if (!of_operators)
      return tl::unexpected<std::string>(std::move(of_operators).error());
    if (*of_operators) {
      out.what = **std::move(of_operators);
      return out;
    }
    if (push_->parsed()) {
      auto type = client::parse_content_type(raw_.type);
      if (!type)
        return tl::unexpected<std::string>("--type: " + type.error());
      client::push push{.queue = raw_.queue, .content_type = *std::move(type)};
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
    if (leave_->parsed()) {
      out.what = client::leave{};
      return out;
    }
    if (backup_->parsed()) {
      if (raw_.dir.empty())
        return tl::unexpected<std::string>("backup: DIR is empty; say where the copy is to be");
      auto directory = std::filesystem::absolute(raw_.dir).lexically_normal().string();
      if (!is_utf8(directory))
        return tl::unexpected<std::string>("backup: the path is no UTF-8; choose another one");
      out.what = client::backup{.directory = std::move(directory)};
      return out;
    }
    if (status_->parsed()) {
      out.what = client::status{.json = raw_.json};
      return out;
    }
    if (forget_->parsed()) {
      auto node = parse_node_name(raw_.node);
      if (!node)
        return tl::unexpected<std::string>("forget: " + node.error());
      out.what = client::forget{.node = *std::move(node)};
      return out;
    }
    if (join_->parsed()) {
      auto address = parse_host_port(raw_.address);
      if (!address || address->port == 0)
        return tl::unexpected<std::string>(
          "join: " +
          (address ? "port 0 is nobody's; give the cluster port of another node" : address.error()));
      out.what = client::join{.address = *std::move(address)};
      return out;
    }
    out.what = client::settle{.queue = raw_.queue, .id = raw_.id, .reply = chosen()};
    return out;
  }

  checked<command> read_certificate_wanted() const {
    certificate_wanted out;
    if (cert_node_->parsed()) {
      if (raw_.names.size() > x509_limits::names_max)
        return tl::unexpected<std::string>(
          fmt::format("cert node: a certificate has at most {} names; make another one for the others",
                      x509_limits::names_max));
      auto name = parse_certificate_name(raw_.names.front());
      if (!name)
        return tl::unexpected<std::string>(std::move(name).error());
      out.node = *std::move(name);
      for (std::size_t i = 1; i < raw_.names.size(); ++i) {
        auto further = parse_further_name(raw_.names[i]);
        if (!further)
          return tl::unexpected<std::string>(std::move(further).error());
        out.more.push_back(*std::move(further));
      }
    }
    if (!raw_.dir.empty())
      out.dir = raw_.dir;
    if (!raw_.days.empty()) {
      auto days = parse_whole(raw_.days, {1, x509_limits::days_max});
      if (!days)
        return tl::unexpected<std::string>("--days: " + days.error());
      out.days = *days;
    }
    return out;
  }

  const char* (*environment_)(const char*);
  raw_words raw_;
  CLI::App app_{help_text::program, "lmq"};
  operator_words operators_;
  CLI::App* serve_ = nullptr;
  CLI::App* ping_ = nullptr;
  CLI::App* push_ = nullptr;
  CLI::App* pull_ = nullptr;
  CLI::App* join_ = nullptr;
  CLI::App* leave_ = nullptr;
  CLI::App* forget_ = nullptr;
  CLI::App* status_ = nullptr;
  CLI::App* cert_ = nullptr;
  CLI::App* backup_ = nullptr;
  CLI::App* restore_ = nullptr;
  CLI::App* dump_ = nullptr;
  CLI::App* repair_ = nullptr;
  CLI::App* cert_node_ = nullptr;
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
