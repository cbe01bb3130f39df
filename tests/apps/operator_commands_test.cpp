// The commands of operators: what their words ask, what they print, how they end.
#define CAF_SUITE operator_commands

#include <caf/test/unit_test.hpp>

#include "apps/client/admin_text.hpp"
#include "apps/command_line.hpp"
#include "tests/apps/run.hpp"
#include "tests/support/tcp_connection.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

using namespace lmq;
using namespace std::chrono_literals;
using testing::finish;
using testing::finished;
using testing::holds;
using testing::is_one_line;

namespace {

using words = std::vector<std::string>;

const char* no_environment(const char*) {
  return nullptr;
}

template <class What>
What asked(const words& line) {
  auto read = parse_command_line(line, no_environment);
  if (!read)
    CAF_FAIL(read.error());
  return std::get<What>(std::get<client::command>(*read).what);
}

std::string error(const words& line) {
  auto read = parse_command_line(line, no_environment);
  return read ? "(none)" : read.error();
}

struct fixture {
  testing::server_process server;
  std::string url = "http://127.0.0.1:" + std::to_string(server.http_port());

  finished run(words all) const {
    all.insert(all.end(), {"--url", url});
    return testing::run(std::move(all));
  }

  finished run_in_shell(std::string line) const {
    testing::child_process child{{.program = "/bin/sh",
                                  .arguments = {"-c", std::move(line)},
                                  .environment = {{"LMQ", testing::program_path()}, {"LMQ_URL", url}}}};
    return finish(child);
  }

  /// Pulls one, and the id of its lease.
  std::string pulled(const std::string& queue) const {
    constexpr std::string_view header = "x-lmq-message-id: ";
    auto told = run({"pull", queue, "--wait", "10"}).err;
    auto at = told.find(header);
    CAF_REQUIRE(at != std::string::npos);
    at += header.size();
    return told.substr(at, told.find('\n', at) - at);
  }

  void done(words all) const {
    auto end = run(std::move(all));
    CAF_REQUIRE_EQUAL(end.err, "");
    CAF_REQUIRE_EQUAL(end.exit_code, 0);
  }
};

} // namespace

CAF_TEST(the commands of operators carry what they name) {
  CAF_CHECK_EQUAL(asked<client::queues>({"queues", "--match", "^a"}).match, "^a");
  CAF_CHECK(asked<client::queues>({"queues", "--json"}).json);
  CAF_CHECK_EQUAL(asked<client::peek>({"peek", "q"}).n, 10u);
  CAF_CHECK_EQUAL(asked<client::peek>({"peek", "q", "-n", "3"}).n, 3u);
  CAF_CHECK_EQUAL(asked<client::purge>({"purge", "q"}).queue, "q");
  CAF_CHECK_EQUAL(asked<client::redrive>({"redrive", "q"}).limit, 10'000u);
  CAF_CHECK_EQUAL(asked<client::redrive>({"redrive", "q", "--limit", "3"}).limit, 3u);
  CAF_CHECK(asked<client::redrive>({"redrive", "q", "--json"}).json);
  CAF_CHECK_EQUAL(asked<client::delete_queue>({"delete", "q"}).queue, "q");
  CAF_CHECK_EQUAL(asked<client::revive>({"revive", "q"}).queue, "q");
  CAF_CHECK(!asked<client::pause>({"pause", "q"}).resume);
  CAF_CHECK(asked<client::pause>({"resume", "q"}).resume);
  CAF_CHECK(asked<client::rules>({"rules", "set"}).file == "-");
  CAF_CHECK(asked<client::rules>({"rules", "set", "-"}).file == "-");
  CAF_CHECK(asked<client::rules>({"rules", "set", "file"}).file == "file");
  CAF_CHECK(asked<client::rules>({"rules", "reset"}).verb == client::of_settings::reset);
  CAF_CHECK(asked<client::stats>({"stats", "--json"}).json);
  CAF_CHECK(asked<client::top>({"top", "--once"}).once);
  CAF_CHECK(asked<client::top>({"top", "--every", "0.5"}).every == 500ms);
}

CAF_TEST(properties are given as pairs or as one object) {
  auto props = asked<client::props>({"props", "set", "q", "retry=3", "timeout=1.5", "paused=true"});
  CAF_CHECK(props.verb == client::of_settings::set);
  CAF_CHECK_EQUAL(props.queue, "q");
  CAF_CHECK_EQUAL(props.change, R"({"retry":3,"timeout":1.5,"paused":true})");
  CAF_CHECK_EQUAL(asked<client::props>({"props", "set", "q", R"({"retry": 3})"}).change, R"({"retry": 3})");
  CAF_CHECK_EQUAL(asked<client::props>({"props", "set", "q", "x=y=z"}).change, R"({"x":"y=z"})");
  // What is a text stays one.
  for (auto [word, object] : {std::pair{"dead_letter=5", R"({"dead_letter":"5"})"},
                              {"dead_letter=true", R"({"dead_letter":"true"})"},
                              {"dead_letter=", R"({"dead_letter":""})"},
                              {"dead_letter={}", R"({"dead_letter":"{}"})"},
                              {"dead_letter=jobs.dead", R"({"dead_letter":"jobs.dead"})"},
                              {"dead_letter=\xff", "{\"dead_letter\":\"\xef\xbf\xbd"
                                                   "ff\"}"},
                              {R"(dead_letter="5")", R"({"dead_letter":"5"})"}})
    CAF_CHECK_EQUAL(asked<client::props>({"props", "set", "q", word}).change, object);
  CAF_CHECK(error({"props", "set", "q", "retry"}).starts_with("props set: \"retry\" is no setting; "));
  CAF_CHECK(error({"props", "set", "q", "=3"}).starts_with("props set: "));
}

CAF_TEST(a mistake in them is one line that says where to look) {
  for (auto& line :
       {words{"queues", "stray"}, words{"peek"}, words{"purge"}, words{"redrive"}, words{"delete"},
        words{"revive"}, words{"delete", ""}, words{"pause"}, words{"props"}, words{"props", "get"},
        words{"props", "set", "q"}, words{"rules"}, words{"rules", "bogus"}}) {
    auto said = error(line);
    CAF_MESSAGE(said);
    CAF_CHECK(said.ends_with("--help"));
    CAF_CHECK(!holds(said, "\n"));
  }
  CAF_CHECK(error({"peek", "q", "-n", "0"}).starts_with("-n: "));
  CAF_CHECK(error({"peek", "q", "-n", "101"}).starts_with("-n: "));
  CAF_CHECK(error({"redrive", "q", "--limit", "0"}).starts_with("--limit: "));
  CAF_CHECK(error({"redrive", "q", "--limit", "x"}).starts_with("--limit: "));
  CAF_CHECK(error({"redrive", "q", "--limit", "10001"}).starts_with("--limit: "));
  CAF_CHECK(error({"top", "--every", "0"}).starts_with("--every: "));
}

CAF_TEST(the table of messages says what was not read) {
  auto text = client::messages_text(
    R"({"messages":[{"age":1,"deliveries":0,"id":"ID","retries_left":2,"size":9000000,"truncated":true,)"
    R"("type":"normal"}]})");
  CAF_REQUIRE(text.has_value());
  CAF_CHECK(text->ends_with("\nID  1s   8789KiB  0           2        -             (not read)\n"));
}

CAF_TEST(the table of top begins with the largest and tells what has changed) {
  auto page = [](int a, int b) {
    auto queue = [](const char* name, int size) {
      return nlohmann::json{{"name", name},     {"size", size},  {"ready", size},
                            {"leased", 0},      {"waiters", 0},  {"accumulating", 0},
                            {"memory", 20'000}, {"down", false}, {"paused", false}};
    };
    return nlohmann::json{{"queues", {queue("a", a), queue("b", b)}}, {"total", 2}}.dump();
  };
  std::map<std::string, std::uint64_t> before;
  auto first = client::top_text(page(1, 2), before, 0).value();
  CAF_CHECK_EQUAL(first.shown, 2u);
  CAF_CHECK_EQUAL(first.total, 2u);
  CAF_CHECK_EQUAL(first.text, "QUEUE  SIZE  CHANGE  READY  LEASED  ACCUMULATING  WAITERS  MEMORY  STATE\n"
                              "b      2     -       2      0       0             0        19KiB   -\n"
                              "a      1     -       1      0       0             0        19KiB   -\n");
  auto later = client::top_text(page(4, 0), before, 2).value();
  CAF_CHECK_EQUAL(later.shown, 1u);
  CAF_CHECK_EQUAL(later.total, 2u);
  CAF_CHECK(holds(later.text, "\na      4     +3 "));
  CAF_CHECK(!holds(later.text, "\nb "));
  CAF_CHECK(!client::top_text("{}", before, 0));
}

CAF_TEST(without a server they are exit code 3) {
  auto nowhere = "http://127.0.0.1:" + std::to_string(testing::free_port());
  for (auto& line :
       {words{"queues"}, words{"peek", "q"}, words{"purge", "q"}, words{"redrive", "q"}, words{"delete", "q"},
        words{"revive", "q"}, words{"pause", "q"}, words{"props", "get", "q"}, words{"rules", "get"},
        words{"stats"}, words{"top", "--once"}}) {
    auto all = line;
    all.insert(all.end(), {"--url", nowhere});
    auto unanswered = testing::run(all);
    CAF_CHECK_EQUAL(unanswered.exit_code, 3);
    CAF_CHECK(is_one_line(unanswered.err));
  }
}

CAF_TEST_FIXTURE_SCOPE(operator_commands_tests, fixture)

CAF_TEST(queues are listed as a table or as a document) {
  done({"push", "jobs", "hello"});
  done({"push", "other", "hello"});
  done({"pause", "other"});
  auto listed = run({"queues", "--match", "^o"});
  CAF_CHECK_EQUAL(listed.exit_code, 0);
  CAF_CHECK(
    listed.out.starts_with("QUEUE  READY  LEASED  ACCUMULATING  WAITERS  MEMORY  HOME  STATE\nother  1  "));
  CAF_CHECK(listed.out.ends_with("  -     paused\n"));
  auto document = nlohmann::json::parse(run({"queues", "--json"}).out);
  CAF_CHECK_EQUAL(document["total"].get<int>(), 2);
  CAF_CHECK_EQUAL(document["queues"][0]["name"].get<std::string>(), "jobs");
  auto refused = run({"queues", "--match", "("});
  CAF_CHECK_EQUAL(refused.exit_code, 1);
  CAF_CHECK(is_one_line(refused.err));
}

CAF_TEST(no name and no body can play with the terminal) {
  // CSI of C1 and Unicode's line separator: what is seen of them are escapes, which JSON's readers take back.
  const std::string name = "a\xc2\x9b"
                           "2J\xe2\x80\xa8"
                           "b";
  const std::string shown = R"(a\x9b2J\u2028b)";
  done({"props", "set", name, "max_messages=1", "retry=0", "dead_letter=dead"});
  done({"push", name, "<" + name + ">", "--type", "text/plain"});
  for (auto& line : {words{"queues"}, words{"top", "--once"}, words{"stats"}, words{"status"}})
    CAF_CHECK(holds(run(line).out, "\n" + shown + "  "));
  CAF_CHECK(holds(run({"peek", name}).out, "  <" + shown + ">\n"));
  const std::string in_json = R"(a\u009b2J\u2028b)";
  for (auto& line : {words{"queues"}, words{"stats"}, words{"status"}, words{"peek", name}}) {
    auto with_json = line;
    with_json.push_back("--json");
    auto told = run(with_json);
    CAF_CHECK_EQUAL(told.exit_code, 0);
    CAF_CHECK(holds(told.out, in_json));
    CAF_CHECK(!holds(told.out, "\xc2\x9b") && !holds(told.out, "\xe2\x80\xa8"));
  }
  auto queues = nlohmann::json::parse(run({"queues", "--json"}).out)["queues"];
  CAF_CHECK(std::any_of(queues.begin(), queues.end(), [&](const auto& q) { return q["name"] == name; }));
  auto messages = nlohmann::json::parse(run({"peek", name, "--json"}).out)["messages"];
  CAF_REQUIRE_EQUAL(messages.size(), 1u);
  CAF_CHECK_EQUAL(messages[0]["body"].get<std::string>(), "<" + name + ">");
  auto full = run({"push", name, "x"});
  CAF_CHECK(full.err.starts_with("lmq: queue \"" + shown + "\" is full"));
  done({"nack", name, pulled(name)});
  CAF_CHECK(holds(run({"peek", "dead"}).out, "  " + shown + "  retries  "));
  CAF_CHECK(holds(run({"pull", "dead", "--wait", "10"}).err, "x-lmq-dead-queue: " + shown + "\n"));
}

CAF_TEST(messages are looked at and dropped) {
  for (auto* body : {"one", "two\nlines", "three"})
    done({"push", "q", body, "--type", "text/plain"});
  auto shown = run({"peek", "q", "-n", "2"});
  CAF_CHECK_EQUAL(shown.exit_code, 0);
  CAF_CHECK(holds(shown.out, "text/plain    one\n"));
  CAF_CHECK(holds(shown.out, "two\\x0alines\n"));
  CAF_CHECK(!holds(shown.out, "three"));
  CAF_CHECK_EQUAL(nlohmann::json::parse(run({"peek", "q", "--json"}).out)["messages"].size(), 3u);
  CAF_CHECK_EQUAL(run({"purge", "q"}).out, "3 purged\n");
  CAF_CHECK_EQUAL(run({"purge", "q", "--json"}).out, "{\"purged\":0}\n");
  auto refused = run({"purge", "nothing"});
  CAF_CHECK_EQUAL(refused.exit_code, 1);
  CAF_CHECK_EQUAL(refused.err, "lmq: there is no queue of this name\n");
}

CAF_TEST(dead letters are sent back) {
  done({"props", "set", "q", "retry=0", "dead_letter=5"});
  std::vector<std::string> dead;
  for (int i = 0; i < 4; ++i) {
    done({"push", "q", "x"});
    done({"nack", "q", pulled("q")});
    dead.push_back(pulled("5"));
  }
  for (const auto& id : dead)
    done({"nack", "5", id});
  auto shown = run({"peek", "5", "-n", "1"});
  CAF_CHECK(shown.out.starts_with("ID "));
  CAF_CHECK(holds(shown.out, "  DIED-IN  DIED-OF  AFTER  "));
  CAF_CHECK(holds(shown.out, "  q        retries  1      "));
  CAF_CHECK_EQUAL(run({"redrive", "5", "--limit", "1"}).out, "1 moved\n");
  CAF_CHECK_EQUAL(run({"redrive", "5", "--limit", "2", "--json"}).out, "{\"moved\":2}\n");
  CAF_CHECK_EQUAL(run({"redrive", "5"}).out, "1 moved\n");
  CAF_CHECK_EQUAL(run({"redrive", "5"}).out, "0 moved\n");
  CAF_CHECK_EQUAL(run({"pull", "q"}).out, "x");
}

CAF_TEST(a queue is deleted and revived) {
  done({"push", "q", "x"});
  done({"revive", "q"});
  CAF_CHECK_EQUAL(run({"pull", "q"}).out, "x");
  done({"delete", "q"});
  for (const char* verb : {"delete", "revive", "redrive"}) {
    auto nobody = run({verb, "q"});
    CAF_CHECK_EQUAL(nobody.exit_code, 1);
    CAF_CHECK_EQUAL(nobody.err, "lmq: there is no queue of this name\n");
  }
}

CAF_TEST(a queue is paused and resumed) {
  done({"push", "q", "x"});
  done({"pause", "q"});
  CAF_CHECK_EQUAL(run({"pull", "q"}).exit_code, 1);
  done({"resume", "q"});
  CAF_CHECK_EQUAL(run({"pull", "q"}).out, "x");
  CAF_CHECK_EQUAL(run({"pause", "nothing"}).exit_code, 1);
}

CAF_TEST(properties and rules are shown and changed) {
  done({"props", "set", "q", "retry=7", "timeout=0.5"});
  CAF_CHECK_EQUAL(run({"props", "get", "q"}).out,
                  "PROPERTY  VALUE\naccum     0\nretry     7\ntimeout   0.5\n");
  CAF_CHECK_EQUAL(run({"props", "get", "q", "--json"}).out, "{\"accum\":0,\"retry\":7,\"timeout\":0.5}\n");
  done({"props", "reset", "q"});
  CAF_CHECK(holds(run({"props", "get", "q"}).out, "retry     2\n"));
  CAF_CHECK_EQUAL(run({"props", "set", "q", "retry=-1"}).exit_code, 1);
  CAF_CHECK_EQUAL(run_in_shell(R"(echo '[["^a",{"retry":1}]]' | "$LMQ" rules set)").exit_code, 0);
  CAF_CHECK_EQUAL(run({"rules", "get"}).out, "NAMES  PROPERTIES\n^a     retry=1\n");
  CAF_CHECK_EQUAL(run({"rules", "get", "--json"}).out, "[[\"^a\",{\"retry\":1}]]\n");
  // An empty name is not "all of them".
  for (const char* verb : {"get", "reset"}) {
    auto nobody = run({"props", verb, ""});
    CAF_CHECK_EQUAL(nobody.exit_code, 2);
    CAF_CHECK(holds(nobody.err, "the queue name is empty"));
  }
  CAF_CHECK_EQUAL(run({"rules", "get"}).out, "NAMES  PROPERTIES\n^a     retry=1\n");
  done({"rules", "reset"});
  CAF_CHECK_EQUAL(run({"rules", "get", "--json"}).out, "[]\n");
  auto no_file = run({"rules", "set", "/no/such/file"});
  CAF_CHECK_EQUAL(no_file.exit_code, 2);
  CAF_CHECK_EQUAL(no_file.err, "lmq: can't read /no/such/file: No such file or directory\n");
}

CAF_TEST(pages of queues make one table and one document) {
  auto line = [](const std::string& name) {
    return R"({"accumulating":0,"down":false,"leased":1,"memory":2,"name":")" + name +
           R"(","paused":true,"ready":3,"size":4,"waiters":5})";
  };
  auto first = R"({"limit":2,"offset":0,"queues":[)" + line("a") + "," + line("b") + R"(],"total":3})";
  auto second = R"({"limit":2,"offset":2,"queues":[)" + line("c") + R"(],"total":3})";
  client::queues_table table;
  client::queues_document document;
  CAF_CHECK_EQUAL(document.text(), "{\"queues\":[],\"total\":0}\n");
  for (const auto& page : {first, second}) {
    auto in_table = table.add(page), in_document = document.add(page);
    CAF_CHECK(in_table && *in_table == 3);
    CAF_CHECK(in_document && *in_document == 3);
  }
  CAF_CHECK_EQUAL(table.text(), "QUEUE  READY  LEASED  ACCUMULATING  WAITERS  MEMORY  HOME  STATE\n"
                                "a      3      1       0             5        2B      -     paused\n"
                                "b      3      1       0             5        2B      -     paused\n"
                                "c      3      1       0             5        2B      -     paused\n");
  CAF_CHECK_EQUAL(document.text(),
                  R"({"queues":[)" + line("a") + "," + line("b") + "," + line("c") + "],\"total\":3}\n");
  for (const auto* strange : {"", "{}", R"({"queues":{},"total":1})", R"({"queues":[]})", "[]"}) {
    CAF_MESSAGE(strange);
    CAF_CHECK(!document.add(strange));
  }
  CAF_CHECK(!table.add(R"({"queues":[{}],"total":1})"));
}

CAF_TEST(what could not be written is told) {
  done({"push", "q", "x"});
  for (auto* line : {"queues", "queues --json", "peek q", "purge q", "redrive q", "props get q", "rules get",
                     "stats", "top --once", "status", "ping", "--help", "--version", "top --help"}) {
    CAF_MESSAGE(line);
    auto full = run_in_shell("\"$LMQ\" " + std::string{line} + " >/dev/full");
    CAF_CHECK_EQUAL(full.exit_code, 1);
    CAF_CHECK_EQUAL(full.err, "lmq: can't write to standard output: No space left on device\n");
  }
  // Who reads may have had enough.
  auto gone = run_in_shell(R"({ "$LMQ" queues; echo $? >&2; } | true)");
  CAF_CHECK_EQUAL(gone.err, "0\n");
}

CAF_TEST(statistics and the table of top need no terminal) {
  done({"push", "q", "x"});
  auto stats = run({"stats"});
  CAF_CHECK(stats.out.starts_with(
    "QUEUE  SIZE  MEMORY  PUSHED  PER-SECOND  PULLED  PER-SECOND  RETENTION\nq      1 "));
  CAF_CHECK(nlohmann::json::parse(run({"stats", "--json"}).out).contains("queues"));
  auto once = run({"top", "--once"});
  CAF_CHECK_EQUAL(once.exit_code, 0);
  CAF_CHECK(holds(once.out, "\nq      1 "));
  CAF_CHECK(!holds(once.out, "\x1b"));
  auto piped = run({"top"});
  CAF_CHECK_EQUAL(piped.exit_code, 2);
  CAF_CHECK(holds(piped.err, "--once"));
}

CAF_TEST_FIXTURE_SCOPE_END()
