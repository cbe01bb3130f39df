// What `--help` says beside the options themselves, and how it is laid out.
//
// Constant texts and a formatter. Brings CLI11 along: for command_line.cpp only.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace lmq {

namespace help_text {

inline constexpr auto program = R"(lmq: a lightweight message queue over HTTP

A first example, in two terminals:
  lmq serve
  lmq push greetings hello && lmq pull greetings --ack

lmq COMMAND --help explains a command.
)";

inline constexpr auto exit_codes = R"(Exit codes:
  0  done
  1  refused: the server said no or had no message; output could not be written; of repair: something was dropped
  2  usage: the command line, a setting or an address is wrong; nothing was done
  3  no server answered
  4  the data directory can't be used, or the disk failed)";

inline constexpr auto serve = R"(Runs a server until SIGTERM or SIGINT (Ctrl-C).

A first example:
  lmq serve --http 127.0.0.1:9980 --threads 1
  curl -d hello http://127.0.0.1:9980/messages/greetings
  curl -i 'http://127.0.0.1:9980/messages/greetings?t=0'
)";

inline constexpr auto settings =
  R"(Every option is also an environment variable (--header-timeout is LMQ_HEADER_TIMEOUT) and, but for --config, a
key of the configuration file (header-timeout = 10). The command line wins over the environment, the environment
over the file. No file is read unless --config or LMQ_CONFIG names one.

Sizes are whole bytes, or have KiB, MiB or GiB behind them. Times are decimal
seconds, kept to the millisecond.

SIGHUP reads the files of --tokens, --tls-cert and --tls-key again.
The server ends in good order on SIGTERM or SIGINT, and at once on a second one. Exit codes: 0 stopped as
asked, 1 stopping took too long, 2 it could not start: a setting is wrong, or a port is taken,
4 the data directory can't be used: another server has it, its parent is missing, it is damaged; or the disk
failed while serving.)";

inline constexpr auto pull =
  R"(Exit code 1 if there is no message. Without --ack the message comes again when its lease ends, unless it is
settled before: lmq ack NAME ID, where ID is the x-lmq-message-id.)";

inline constexpr auto join =
  R"(The node asked (--url) was started with --cluster HOST:PORT. What both hold is merged, and no message is lost;
lmq status shows how far they are.)";

inline constexpr auto leave =
  R"(It may take minutes, and the node serves until it is done. Then the others wait for it no more, and it can be
stopped. Another node has to be in step that does not leave. If this command is ended before, the node stays.)";

inline constexpr auto forget =
  R"(For a node that is gone for good: nobody waits for it any more. A node that is connected can't be forgotten, only
leave. If a forgotten one comes back all the same, what it holds is merged like anybody's.)";

inline constexpr auto status =
  R"(LAG is what was sent to a node, or is about to be, and has not arrived there. HOME is the node that delivers a
queue's messages, COPIES are those that hold them.)";

inline constexpr auto purge = "What is leased or accumulates stays: whoever has it settles it.";

inline constexpr auto redrive =
  R"(QUEUE is the queue of dead letters. What is ready there goes, with fresh retries; what its queue refuses stays, and
so does what never died elsewhere. At most 10000 go at a time: do it again until it says 0.)";

inline constexpr auto delete_queue =
  R"(Its own properties go with it, and what is leased can't be settled any more. A push or a pull makes it anew.)";

inline constexpr auto revive = "Its messages and leases are as they were. A queue that is up stays as it is.";

inline constexpr auto cert =
  R"(Makes the certificates with which the nodes of a cluster know each other, or by
which clients of HTTPS know a server.

A first example, for two nodes:
  lmq cert init --dir certificates
  lmq cert node a --dir certificates
  lmq cert node b --dir certificates
Every node gets ca.pem and its own two files; ca-key.pem stays where you are.
Whoever has a certificate of this authority is a full member, so it is for one
cluster and nothing else. For HTTPS make another one in another --dir: clients
get its ca.pem (--ca), a node the files that are named after its address.
)";

inline constexpr auto backup =
  R"(The server makes the copy and goes on serving; all that it answered before is in it. Answered when the copy is on
the disk. Nothing half is left where it fails. The copy is a data directory: lmq restore copies it back.)";

inline constexpr auto restore =
  R"(Reads all of the backup first, and copies it only if it is whole. No server may have it open.)";

inline constexpr auto dump =
  R"(Queues by name, messages in the order of their queue. No server may have the directory: copy it with lmq backup,
and dump the copy. A body that is no UTF-8 stands in body_base64 instead of body.)";

inline constexpr auto repair =
  R"(Reads every file as far as it is whole, and writes what it finds to NEWDIR; serve from there. Messages that were
acknowledged may come back, none that is whole is left out. Exit codes: 0 all was whole, 1 something was dropped, and
standard output says what.)";

inline constexpr auto default_url = "http://127.0.0.1:9980";
inline constexpr auto url = "where the server is, http:// or https://; or LMQ_URL [http://127.0.0.1:9980]";
inline constexpr auto ca = "of https, the certificates to trust (PEM); or LMQ_CA [the system's]";
inline constexpr auto token =
  "what the server's --tokens ask for; others see it there, not in LMQ_TOKEN [none]";

} // namespace help_text

/// What is to be said of a command behind its options, before the exit codes, which each command has.
inline void add_remark(CLI::App* to, const std::string& text) {
  to->footer(text + "\n\n" + help_text::exit_codes);
}

/// CLI11's layout, with commands told in one line each.
class help_form final : public CLI::Formatter {
public:
  help_form() {
    column_width(30);
    label("SUBCOMMAND", "COMMAND");
    label("Positionals", "Words");
  }

  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    return CLI::detail::find_and_replace(CLI::Formatter::make_help(app, name, mode), "\n\n\n", "\n\n");
  }

  std::string make_subcommand(const CLI::App* sub) const override {
    auto words = sub->get_description();
    auto line = words.substr(0, words.find('\n'));
    std::stringstream out;
    CLI::detail::format_help(out, sub->get_display_name(true), line, get_column_width());
    return out.str();
  }
};

} // namespace lmq
