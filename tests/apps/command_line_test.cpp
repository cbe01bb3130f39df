// The command line: who wins among its sources, what each command asks for, and how a mistake is told.
#define CAF_SUITE command_line

#include <caf/test/unit_test.hpp>

#include "apps/command_line.hpp"
#include "apps/option_table.hpp"
#include "core/ids.hpp"
#include "tests/support/temporary_folder.hpp"

#include <cstdio>
#include <filesystem>
#include <map>
#include <stdexcept>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

using words = std::vector<std::string>;

std::map<std::string, std::string> variables;

const char* environment(const char* name) {
  auto found = variables.find(name);
  return found == variables.end() ? nullptr : found->second.c_str();
}

/// A file with that text for as long as it lives.
class temporary_file {
public:
  explicit temporary_file(std::string_view text) : path_(folder_.write("file", text)) {}

  const std::string& path() const { return path_; }

private:
  lmq::testing::temporary_folder folder_;
  std::string path_;
};

struct fixture {
  fixture() { variables.clear(); }

  template <class T>
  T parsed(const words& line) {
    auto command = parse_command_line(line, environment);
    if (!command)
      throw std::runtime_error(command.error());
    return std::get<T>(*command);
  }

  settings serve(words options = {}) {
    options.insert(options.begin(), "serve");
    return parsed<settings>(options);
  }

  template <class T>
  T asked(const words& line) {
    return std::get<T>(parsed<client::command>(line).what);
  }

  std::string error(const words& line) {
    auto command = parse_command_line(line, environment);
    return command ? "no error" : command.error();
  }

  std::string help(const words& line) { return parsed<text_wanted>(line).text; }
};

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// A value for each setting that is neither its default nor a bad one.
const std::map<std::string_view, std::string> other_values{
  {"http", "127.0.0.1:1"},
  {"rpc", "127.0.0.1:2"},
  {"memory", "true"},
  {"threads", "7"},
  {"name", "other@node"},
  {"log-level", "debug"},
  {"header-bytes-max", "3KiB"},
  {"body-bytes-max", "5MiB"},
  {"connections-max", "11"},
  {"waiters-max", "12"},
  {"queues-max", "14"},
  {"header-timeout", "13"},
  {"idle-timeout", "17"},
  {"body-timeout", "19"},
  {"cluster", "127.0.0.1:3"},
  {"join", "127.0.0.1:4,[::1]:5"},
  {"min-copies", "2"},
  {"cluster-tls-cert", "a.pem"},
  {"cluster-tls-key", "b.pem"},
  {"cluster-tls-ca", "c.pem"},
  {"cluster-insecure", "true"},
  {"data-dir", "elsewhere"},
  {"disk-reserve", "3MiB"},
  {"memory-limit", "512MiB"},
  {"disk-limit", "6GiB"},
  {"tokens", "tokens"},
  {"rpc-open", "true"},
  {"tls-cert", "d.pem"},
  {"tls-key", "e.pem"},
  {"log-format", "json"},
  {"metrics-totals-only", "true"},
  {"statsd", "127.0.0.1:6"},
  {"influxdb", "[::1]:7"},
  {"stats-interval", "23"},
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(command_line_tests, fixture)

CAF_TEST(without options a server has the documented defaults) {
  auto s = serve();
  CAF_CHECK_EQUAL(to_text(s.http), "127.0.0.1:9980");
  CAF_CHECK_EQUAL(to_text(s.rpc), "127.0.0.1:18800");
  CAF_CHECK_EQUAL(s.threads, default_threads());
  CAF_CHECK(s.level == log_level::info);
  CAF_CHECK(!s.memory);
  CAF_CHECK_EQUAL(s.disk.directory, "lmq-data");
  CAF_CHECK(s.name.starts_with("lmq@"));
  CAF_CHECK(s.name.find('.') == std::string::npos);
}

CAF_TEST(every setting can be given on the command line in the environment and in the file) {
  CAF_CHECK_EQUAL(other_values.size(), serve_options().size());
  for (auto& option : serve_options()) {
    auto name = std::string{option.name};
    CAF_MESSAGE(name);
    auto value = other_values.at(option.name);
    CAF_CHECK_NOT_EQUAL(option.show(settings{}), value);
    auto flag = option.placeholder.empty() ? words{"--" + name} : words{"--" + name, value};
    CAF_CHECK_EQUAL(option.show(serve(flag)), value);
    CAF_CHECK_EQUAL(option.show(serve({"--" + name + "=" + value})), value);
    variables = {{environment_name(option.name), value}};
    CAF_CHECK_EQUAL(option.show(serve()), value);
    variables.clear();
    temporary_file file{name + " = " + (option.placeholder.empty() ? value : '"' + value + '"')};
    CAF_CHECK_EQUAL(option.show(serve({"--config", file.path()})), value);
  }
}

CAF_TEST(the command line wins over the environment and the environment over the file) {
  temporary_file file{"threads = 3\nname = \"file\"\nhttp = \"127.0.0.1:3\"\n"};
  variables = {{"LMQ_THREADS", "4"}, {"LMQ_NAME", "environment"}};
  auto s = serve({"--config", file.path(), "--threads", "5"});
  CAF_CHECK_EQUAL(s.threads, 5u);
  CAF_CHECK_EQUAL(s.name, "environment");
  CAF_CHECK_EQUAL(s.http.port, 3);
}

CAF_TEST(a switch of the file can be turned off again) {
  temporary_file file{"memory = true\n"};
  CAF_CHECK(serve({"--config", file.path()}).memory);
  variables = {{"LMQ_MEMORY", "false"}};
  CAF_CHECK(!serve({"--config", file.path()}).memory);
  CAF_CHECK(serve({"--config", file.path(), "--memory"}).memory);
}

CAF_TEST(the environment can name the file and the command line another) {
  temporary_file one{"threads = 3\n"};
  temporary_file two{"threads = 4\n"};
  variables = {{"LMQ_CONFIG", one.path()}};
  CAF_CHECK_EQUAL(serve().threads, 3u);
  CAF_CHECK_EQUAL(serve({"--config", two.path()}).threads, 4u);
}

CAF_TEST(an empty variable counts as not there) {
  variables = {{"LMQ_THREADS", ""}, {"LMQ_CONFIG", ""}, {"LMQ_URL", ""}};
  CAF_CHECK_EQUAL(serve().threads, default_threads());
  CAF_CHECK_EQUAL(parsed<client::command>({"ping"}).server.address.port, 9980);
}

CAF_TEST(the last of an option that comes twice counts) {
  CAF_CHECK_EQUAL(serve({"--threads", "2", "--threads", "3"}).threads, 3u);
}

CAF_TEST(an unknown key is an error that names file line and key) {
  temporary_file file{"threads = 1\nthreds = 2\n"};
  CAF_CHECK_EQUAL(error({"serve", "--config", file.path()}),
                  file.path() + ":2: threds: there is no such setting; lmq serve --help lists them");
  temporary_file config{"config = \"x\"\n"};
  CAF_CHECK(holds(error({"serve", "--config", config.path()}), ":1: config: there is no such setting"));
}

CAF_TEST(a bad value is an error that names its source) {
  CAF_CHECK_EQUAL(error({"serve", "--threads", "zero"}),
                  "--threads: \"zero\" is not a whole number from 1 to 256");
  variables = {{"LMQ_THREADS", "0"}};
  CAF_CHECK_EQUAL(error({"serve"}), "LMQ_THREADS: \"0\" is not a whole number from 1 to 256");
  variables.clear();
  temporary_file file{"http = \"nowhere\"\n"};
  CAF_CHECK(error({"serve", "--config", file.path()})
              .starts_with(file.path() + ":1: http: \"nowhere\" is not HOST:PORT"));
}

CAF_TEST(a bad value is an error also where another source overrides it) {
  variables = {{"LMQ_THREADS", "many"}};
  CAF_CHECK(error({"serve", "--threads", "2"}).starts_with("LMQ_THREADS: "));
}

CAF_TEST(a backup is asked for by its absolute path) {
  auto here = std::filesystem::current_path();
  CAF_CHECK_EQUAL(asked<client::backup>({"backup", "/there"}).directory, "/there");
  CAF_CHECK_EQUAL(asked<client::backup>({"backup", "there"}).directory, (here / "there").string());
  CAF_CHECK_EQUAL(asked<client::backup>({"backup", "./a/../there"}).directory, (here / "there").string());
  CAF_CHECK(holds(error({"backup", "\xff"}), "UTF-8"));
  CAF_CHECK(holds(error({"backup", ""}), "backup: "));
}

CAF_TEST(the commands for a data directory take it where serve does) {
  CAF_CHECK_EQUAL(parsed<dump_wanted>({"dump"}).directory, settings{}.disk.directory);
  variables["LMQ_DATA_DIR"] = "elsewhere";
  CAF_CHECK_EQUAL(parsed<dump_wanted>({"dump"}).directory, "elsewhere");
  CAF_CHECK_EQUAL(parsed<dump_wanted>({"dump", "--data-dir", "here"}).directory, "here");
  auto restore = parsed<restore_wanted>({"restore", "copy", "--data-dir", "here"});
  CAF_CHECK_EQUAL(restore.from, "copy");
  CAF_CHECK_EQUAL(restore.directory, "here");
  auto repair = parsed<repair_wanted>({"repair", "--to", "new"});
  CAF_CHECK_EQUAL(repair.directory, "elsewhere");
  CAF_CHECK_EQUAL(repair.to, "new");
}

CAF_TEST(a mistake is one line that says where to look) {
  for (auto& line : {words{},
                     words{"--no-such"},
                     words{"bogus"},
                     words{"serve", "--no-such"},
                     words{"serve", "--http"},
                     words{"serve", "stray"},
                     words{"push"},
                     words{"ack", "q"},
                     words{"pull", "q", "--wait"},
                     words{"ping", "stray"},
                     words{"join"},
                     words{"leave", "stray"},
                     words{"forget"},
                     words{"status", "--jso"},
                     words{"cert"},
                     words{"cert", "bogus"},
                     words{"cert", "init", "stray"},
                     words{"cert", "node"},
                     words{"backup"},
                     words{"restore"},
                     words{"dump", "stray"},
                     words{"repair"}}) {
    auto said = error(line);
    CAF_MESSAGE(said);
    CAF_CHECK(said.ends_with("--help"));
    CAF_CHECK(!holds(said, "\n"));
  }
  CAF_CHECK(holds(error({"bogus"}), "\"bogus\" is no command"));
  CAF_CHECK(holds(error({"--no-such"}), "\"--no-such\" is no command"));
  CAF_CHECK(holds(error({"serve", "--no-such"}), "--no-such"));
  CAF_CHECK(holds(error({"serve", "--http"}), "--http"));
  CAF_CHECK(holds(error({"serve", "--no-such"}), "see lmq serve --help"));
  CAF_CHECK(holds(error({"cert", "node"}), "see lmq cert node --help"));
}

CAF_TEST(the help of serve names every option with its default and fits its lines) {
  for (auto& line : {words{"serve", "--help"}, words{"serve", "-h"}}) {
    auto text = help(line);
    CAF_CHECK(holds(text, "--config FILE"));
    CAF_CHECK(holds(text, "A first example"));
    for (auto& option : serve_options()) {
      CAF_CHECK(holds(text, "--" + std::string{option.name}));
      CAF_CHECK(holds(text, option.help));
      auto shown = option.show(settings{});
      CAF_CHECK(option.placeholder.empty() || holds(text, "[" + (shown.empty() ? "none" : shown) + "]"));
    }
    for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
      CAF_CHECK_LESS_OR_EQUAL(end - begin, 120u);
  }
}

CAF_TEST(the help of the program names every command and exit code) {
  auto text = help({"--help"});
  for (auto command :
       {"serve",  "ping",  "push",  "pull",  "ack", "nack",   "ext",  "queues", "peek",   "purge", "pause",
        "resume", "props", "rules", "stats", "top", "status", "join", "leave",  "forget", "cert"}) {
    CAF_CHECK(holds(text, std::string{"\n  "} + command + " "));
    CAF_CHECK(holds(help({command, "--help"}), std::string{"lmq "} + command));
  }
  for (auto code : {"\n  0  ", "\n  1  ", "\n  2  ", "\n  3  "})
    CAF_CHECK(holds(text, code));
}

CAF_TEST(the version is that of the project) {
  CAF_CHECK_EQUAL(help({"--version"}), "lmq " LMQ_VERSION "\n");
}

CAF_TEST(a push takes any body and tells it from none) {
  CAF_CHECK(!asked<client::push>({"push", "q"}).body);
  for (std::string body : {"hello", "", "[1,2]", "{\"a\":[]}", "a b", "%5B", "\"quoted\"", "x=1", "[]"}) {
    CAF_MESSAGE(body);
    CAF_CHECK(asked<client::push>({"push", "q", body}).body == body);
  }
  CAF_CHECK(asked<client::push>({"push", "q", "--", "-x"}).body == "-x");
  auto push = asked<client::push>({"push", "--type", "text/plain", "[q]", "b"});
  CAF_CHECK_EQUAL(push.content_type, "text/plain");
  CAF_CHECK_EQUAL(push.queue, "[q]");
}

CAF_TEST(a pull waits as it is told) {
  CAF_CHECK(asked<client::pull>({"pull", "q"}).wait == 0ms);
  CAF_CHECK(asked<client::pull>({"pull", "q", "--wait", "0"}).wait == 0ms);
  CAF_CHECK(asked<client::pull>({"pull", "q", "--wait", "1.5"}).wait == 1500ms);
  CAF_CHECK(!asked<client::pull>({"pull", "q", "--wait", "forever"}).wait);
  CAF_CHECK(error({"pull", "q", "--wait", "-1"}).starts_with("--wait: \"-1\" is not a time"));
  CAF_CHECK(error({"pull", "q", "--wait", ""}).starts_with("--wait: "));
  auto pull = asked<client::pull>({"pull", "q", "--ack", "--headers"});
  CAF_CHECK(pull.ack);
  CAF_CHECK(pull.headers);
}

CAF_TEST(settling commands carry their word) {
  for (std::string word : {"ack", "nack", "ext"}) {
    auto settle = asked<client::settle>({word, "q", "id_0"});
    CAF_CHECK_EQUAL(settle.reply, word);
    CAF_CHECK_EQUAL(settle.queue, "q");
    CAF_CHECK_EQUAL(settle.id, "id_0");
  }
}

CAF_TEST(addresses to join come one by one or with commas between them) {
  auto joined = [](const settings& s) {
    std::vector<std::string> out;
    for (auto& address : s.cluster.join)
      out.push_back(to_text(address));
    return out;
  };
  words wanted{"a:1", "b:2", "[::1]:3"};
  CAF_CHECK(joined(serve({"--join", "a:1", "--join", "b:2", "--join", "[::1]:3"})) == wanted);
  CAF_CHECK(joined(serve({"--join", "a:1,b:2", "--join=[::1]:3"})) == wanted);
  variables = {{"LMQ_JOIN", "a:1,b:2,[::1]:3"}};
  CAF_CHECK(joined(serve()) == wanted);
  CAF_CHECK(joined(serve({"--join", "c:4"})) == words{"c:4"});
  variables.clear();
  for (auto bad : {"a", "a:1,", ",a:1", "a:1,,b:2", "a:1 ,b:2", "a:0", "a:1,b"})
    CAF_CHECK(error({"serve", "--join", bad}).starts_with("--join: "));
}

CAF_TEST(an empty text takes a setting of the file back where it may be none) {
  temporary_file file{"cluster = \"a:1\"\njoin = \"b:2\"\ncluster-tls-ca = \"c.pem\"\n"};
  auto s = serve({"--config", file.path(), "--cluster", "", "--join", "", "--cluster-tls-ca", ""});
  CAF_CHECK(!s.cluster.address);
  CAF_CHECK(s.cluster.join.empty());
  CAF_CHECK(!s.cluster.has_tls());
  CAF_CHECK(holds(error({"serve", "--http", ""}), "is not HOST:PORT"));
}

CAF_TEST(without options a server belongs to no cluster) {
  auto cluster = serve().cluster;
  CAF_CHECK(!cluster.address);
  CAF_CHECK(cluster.join.empty());
  CAF_CHECK(!cluster.has_tls());
  CAF_CHECK(!cluster.insecure);
  CAF_CHECK_EQUAL(cluster.min_copies, 1u);
  for (auto bad : {"0", "17", "-1", "two", ""})
    CAF_CHECK(holds(error({"serve", "--min-copies", bad}), "is not a whole number from 1 to 16"));
}

CAF_TEST(the commands of a cluster carry what they name) {
  CAF_CHECK(asked<client::join>({"join", "[::1]:9981"}).address == (host_port{"::1", 9981}));
  CAF_CHECK_EQUAL(asked<client::forget>({"forget", "lmq@b"}).node, "lmq@b");
  CAF_CHECK(!asked<client::status>({"status"}).json);
  CAF_CHECK(asked<client::status>({"status", "--json"}).json);
  asked<client::leave>({"leave"});
  CAF_CHECK_EQUAL(parsed<client::command>({"leave", "--url", "http://b:2"}).server.address.host, "b");
  CAF_CHECK(error({"join", "b"}).starts_with("join: \"b\" is not HOST:PORT"));
  CAF_CHECK(error({"join", "b:0"}).starts_with("join: port 0 is nobody's"));
  CAF_CHECK(error({"forget", "a b"}).starts_with("forget: \"a b\" can't be a node's name"));
}

CAF_TEST(certificates are asked for by node or for the authority) {
  auto init = parsed<certificate_wanted>({"cert", "init"});
  CAF_CHECK_EQUAL(init.node, "");
  CAF_CHECK_EQUAL(init.dir, ".");
  CAF_CHECK_EQUAL(init.days, x509_limits::days_default);
  auto node = parsed<certificate_wanted>({"cert", "node", "--days", "3", "lmq@b", "--dir", "d"});
  CAF_CHECK_EQUAL(node.node, "lmq@b");
  CAF_CHECK_EQUAL(node.dir, "d");
  CAF_CHECK_EQUAL(node.days, 3u);
  CAF_CHECK(
    error({"cert", "init", "--days", "0"}).starts_with("--days: \"0\" is not a whole number from 1 to "));
  CAF_CHECK(error({"cert", "init", "--days", "36501"}).starts_with("--days: "));
  CAF_CHECK(holds(error({"cert", "node", "../b"}), "can't name a certificate's files"));
  for (auto which : {"init", "node"})
    CAF_CHECK(holds(help({"cert", which, "--help"}), std::string{"lmq cert "} + which));
}

CAF_TEST(an id that begins with dashes is no option) {
  for (auto incarnation : {0xf8ull << 56, 0xfbe0ull << 48}) {
    auto id = to_text(lease_id{{incarnation, 7}, 1});
    CAF_REQUIRE(id.starts_with('-'));
    CAF_CHECK_EQUAL(asked<client::settle>({"ack", "q", id}).id, id);
    auto behind = parsed<client::command>({"ack", "q", id, "--url", "http://a:1"});
    CAF_CHECK_EQUAL(std::get<client::settle>(behind.what).id, id);
    CAF_CHECK_EQUAL(behind.server.address.host, "a");
    CAF_CHECK_EQUAL(asked<client::settle>({"ack", "--", "-q", id}).id, id);
  }
}

CAF_TEST(a client finds its server by option or environment) {
  CAF_CHECK(parsed<client::command>({"ping"}).server == (client::server_url{{"127.0.0.1", 9980}, ""}));
  variables = {{"LMQ_URL", "http://a:1"}};
  CAF_CHECK(parsed<client::command>({"ping"}).server == (client::server_url{{"a", 1}, ""}));
  CAF_CHECK(parsed<client::command>({"ping", "--url", "http://b:2"}).server ==
            (client::server_url{{"b", 2}, ""}));
  CAF_CHECK(error({"ping", "--url", "b:2"}).starts_with("--url: \"b:2\" is not a server's URL"));
  variables = {{"LMQ_URL", "ftp://a"}};
  CAF_CHECK(error({"ping"}).starts_with("LMQ_URL: \"ftp://a\" is not a server's URL"));
}

CAF_TEST_FIXTURE_SCOPE_END()
