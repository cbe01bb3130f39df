// backup, restore, dump and repair, as an operator uses them: the real program on real directories.
#define CAF_SUITE disk_commands

#include <caf/test/unit_test.hpp>

#include "apps/disk_commands.hpp"
#include "core/utf8.hpp"
#include "storage/repair.hpp"
#include "tests/apps/run.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/temporary_folder.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <sstream>
#include <sys/mount.h>

using namespace lmq;
using lmq::testing::finish;
using lmq::testing::holds;
using lmq::testing::http_client;
using lmq::testing::is_one_line;
using lmq::testing::run;
using lmq::testing::server_process;
using lmq::testing::temporary_folder;
using json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

std::string url_of(const server_process& server) {
  return "http://127.0.0.1:" + std::to_string(server.http_port());
}

void push(http_client& client, const std::string& queue, const std::string& body) {
  CAF_REQUIRE_EQUAL(client.request("POST", "/messages/" + queue, {}, body).status, 200);
}

std::set<std::string> drain(http_client& client, const std::string& queue) {
  std::set<std::string> bodies;
  for (;;) {
    auto got = client.request("GET", "/messages/" + queue + "?t=0");
    if (got.status == 204)
      return bodies;
    CAF_REQUIRE_EQUAL(got.status, 200);
    bodies.insert(got.body);
  }
}

std::vector<json> lines_of(const std::string& text) {
  std::vector<json> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    lines.push_back(json::parse(line));
  return lines;
}

/// The largest file with that end.
/// Where a text stands in a file.
std::uintmax_t place_of(const fs::path& file, std::string_view text) {
  std::ifstream in(file, std::ios::binary);
  std::string all(std::istreambuf_iterator<char>(in), {});
  auto at = all.find(text);
  CAF_REQUIRE(at != std::string::npos);
  return at;
}

fs::path file_in(const fs::path& directory, const std::string& end) {
  fs::path found;
  for (const auto& entry : fs::directory_iterator(directory))
    if (entry.path().extension() == end && (found.empty() || entry.file_size() > fs::file_size(found)))
      found = entry.path();
  return found;
}

void flip_a_bit(const fs::path& path, std::size_t at) {
  std::fstream file{path, std::ios::binary | std::ios::in | std::ios::out};
  file.seekg(static_cast<std::streamoff>(at));
  auto c = file.get();
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(c ^ 1));
}

} // namespace

CAF_TEST(a backup that is made while messages come has all that was answered before) {
  temporary_folder folder;
  std::set<std::string> before, after;
  {
    server_process server{{.data_dir = folder.path("data")}};
    http_client client{server.http_port()};
    for (int i = 0; i < 200; ++i)
      push(client, "jobs", *before.insert("before " + std::to_string(i)).first);
    testing::child_process backup{{.program = testing::program_path(),
                                   .arguments = {"backup", folder.path("backup"), "--url", url_of(server)}}};
    for (int i = 0; backup.running(); ++i)
      push(client, "jobs", *after.insert("after " + std::to_string(i)).first);
    auto done = finish(backup);
    CAF_CHECK_EQUAL(done.exit_code, 0);
    CAF_CHECK_EQUAL(done.out + done.err, "");
    CAF_MESSAGE(after.size() << " messages came meanwhile");
    server.kill();
  }
  auto restored = run({"restore", folder.path("backup"), "--data-dir", folder.path("restored")});
  CAF_CHECK_EQUAL(restored.exit_code, 0);
  CAF_CHECK(restored.out.starts_with(folder.path("restored") + " holds queues: 1, messages: "));
  server_process server{{.data_dir = folder.path("restored")}};
  http_client client{server.http_port()};
  auto there = drain(client, "jobs");
  for (const auto& body : before)
    CAF_CHECK(there.contains(body));
  for (const auto& body : there)
    CAF_CHECK(before.contains(body) || after.contains(body));
  // The backup is as it was, and another directory than the restored one.
  CAF_CHECK_EQUAL(run({"dump", "--data-dir", folder.path("backup")}).exit_code, 0);
}

CAF_TEST(a backup that can not be made is refused with a sentence and leaves nothing) {
  temporary_folder folder;
  server_process server{{.data_dir = folder.path("data")}};
  folder.write("file", "");
  fs::create_directory(folder.path("there"));
  auto refused = [&](const std::string& to, std::string_view why) {
    auto no = run({"backup", to, "--url", url_of(server)});
    CAF_MESSAGE(no.err);
    CAF_CHECK_EQUAL(no.exit_code, 1);
    CAF_CHECK(is_one_line(no.err));
    CAF_CHECK(no.err.starts_with("lmq: can't make "));
    CAF_CHECK(holds(no.err, why));
  };
  refused(folder.path("there"), "it exists already");
  refused(folder.path("file"), "it exists already");
  refused(folder.path("no/parent"), "there is no directory ");
  refused(folder.path("file/below"), "");
  refused(folder.path("data/inside"), "within the data directory");
  refused("/proc/lmq-backup", "");
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder.path()))
    names.insert(entry.path().filename().string());
  CAF_CHECK((names == std::set<std::string>{"data", "file", "there"}));
  http_client client{server.http_port()};
  auto bad = client.request("POST", "/backup", {}, R"({"directory":")" + folder.path("there") + "\"}");
  CAF_CHECK_EQUAL(bad.status, 409);
  CAF_CHECK(bad.body.starts_with(R"({"error":"bad_directory","message":)"));
}

CAF_TEST(a stop does not wait for a long backup and half of one is not taken for a whole one) {
  testing::temporary_folder elsewhere; // on another file system, so that tables are copied and not linked
  if (::mount("none", elsewhere.path().c_str(), "tmpfs", 0, "size=1g") != 0) {
    CAF_MESSAGE("left out: a file system can't be mounted here (it takes root)");
    return;
  }
  std::shared_ptr<void> mounted{nullptr, [&](void*) { ::umount2(elsewhere.path().c_str(), MNT_DETACH); }};
  temporary_folder folder;
  constexpr int messages = 8;
  {
    server_process server{{.data_dir = folder.path("data")}};
    http_client client{server.http_port()};
    for (int i = 0; i < messages; ++i)
      push(client, "jobs", std::string(25'000'000, static_cast<char>('a' + i)));
    testing::child_process backup{
      {.program = testing::program_path(),
       .arguments = {"backup", elsewhere.path("backup"), "--url", url_of(server)}}};
    while (backup.running() && fs::is_empty(elsewhere.path()))
      continue;
    // A request in flight would be waited for, for a while.
    backup.signal(SIGKILL);
    backup.wait();
    CAF_CHECK_EQUAL(server.stop(), 0);
    CAF_CHECK(fs::exists(elsewhere.path("backup")) ||
              holds(server.process().standard_error(), "storage.backup_abandoned"));
  }
  // Whatever is there under its own name is whole; whatever else is there is refused.
  for (const auto& entry : fs::directory_iterator(elsewhere.path())) {
    auto name = entry.path().filename().string();
    CAF_MESSAGE(name);
    auto restored = run({"restore", entry.path().string(), "--data-dir", folder.path("restored")});
    auto served = run({"dump", "--data-dir", entry.path().string()});
    if (name == "backup") {
      CAF_CHECK_EQUAL(restored.exit_code, 0);
      CAF_CHECK_EQUAL(std::count(served.out.begin(), served.out.end(), '\n'), messages);
      continue;
    }
    for (const auto& refused : {restored, served}) {
      CAF_CHECK_EQUAL(refused.exit_code, 4);
      CAF_CHECK(holds(refused.err, name + " is left of a copy that did not end"));
    }
    CAF_CHECK(!fs::exists(folder.path("restored")));
  }
  // The directory itself is as it was.
  server_process server{{.data_dir = folder.path("data")}};
  http_client client{server.http_port()};
  CAF_CHECK_EQUAL(drain(client, "jobs").size(), static_cast<std::size_t>(messages));
}

CAF_TEST(a directory with the name of an unfinished one is taken by no command and no server) {
  temporary_folder folder;
  {
    server_process server{{.data_dir = folder.path("data")}};
    http_client client{server.http_port()};
    push(client, "jobs", "x");
    CAF_CHECK_EQUAL(server.stop(), 0);
  }
  for (auto* name : {"copy.unfinished", "copy.unfinished.tmp"}) {
    fs::copy(folder.path("data"), folder.path(name));
    for (const auto& refused :
         {run({"restore", folder.path(name), "--data-dir", folder.path("restored")}),
          run({"dump", "--data-dir", folder.path(name)}),
          run({"serve", "--data-dir", folder.path(name), "--http", "127.0.0.1:0", "--rpc", "127.0.0.1:0"})}) {
      CAF_CHECK_EQUAL(refused.exit_code, 4);
      CAF_CHECK(is_one_line(refused.err));
      CAF_CHECK(holds(refused.err, std::string{name} + " is left of a copy that did not end"));
    }
    CAF_CHECK(!fs::exists(folder.path("restored")));
  }
  fs::rename(folder.path("copy.unfinished"), folder.path("copy"));
  CAF_CHECK_EQUAL(run({"dump", "--data-dir", folder.path("copy")}).exit_code, 0);
}

CAF_TEST(a server without a disk has nothing to back up) {
  server_process server;
  auto no = run({"backup", "/tmp/lmq-no-backup", "--url", url_of(server)});
  CAF_CHECK_EQUAL(no.exit_code, 1);
  CAF_CHECK(no.err.starts_with("lmq: this node was started with --memory "));
  auto answer = http_client{server.http_port()}.request("POST", "/backup", {}, R"({"directory":"/tmp/x"})");
  CAF_CHECK_EQUAL(answer.status, 409);
  CAF_CHECK(answer.body.starts_with(R"({"error":"no_storage",)"));
}

CAF_TEST(a dump shows each message in the order of its queue and with its state) {
  temporary_folder folder;
  std::string lease;
  {
    server_process server{{.data_dir = folder.path("data")}};
    http_client client{server.http_port()};
    for (auto* body : {"one", "two", "three"})
      push(client, "jobs", body);
    CAF_REQUIRE_EQUAL(
      client.request("POST", "/messages/bytes", {{"content-type", "image/png"}}, "\xff\xfe!\xfd").status,
      200);
    lease = client.request("GET", "/messages/jobs?t=0").header("x-lmq-message-id").value_or("");
    auto locked = run({"dump", "--data-dir", folder.path("data")});
    CAF_CHECK_EQUAL(locked.exit_code, 4);
    CAF_CHECK(holds(locked.err, "a server has the data directory"));
    CAF_CHECK(holds(locked.err, "lmq backup"));
    CAF_CHECK_EQUAL(server.stop(), 0);
  }
  auto dumped = run({"dump", "--data-dir", folder.path("data")});
  CAF_REQUIRE_EQUAL(dumped.exit_code, 0);
  CAF_MESSAGE(dumped.out);
  auto lines = lines_of(dumped.out);
  CAF_REQUIRE_EQUAL(lines.size(), 4u);
  auto text = [&](std::size_t line, const char* field) { return lines[line][field].get<std::string>(); };
  CAF_CHECK_EQUAL(text(0, "queue"), "bytes");
  CAF_CHECK_EQUAL(text(0, "body_base64"), "//4h/Q==");
  CAF_CHECK_EQUAL(text(0, "content_type"), "image/png");
  CAF_CHECK(!lines[0].contains("body"));
  CAF_CHECK_EQUAL(text(1, "body"), "one");
  CAF_CHECK_EQUAL(text(1, "state"), "leased");
  CAF_CHECK_EQUAL(text(1, "id"), lease);
  CAF_CHECK_EQUAL(lines[1]["deliveries"].get<int>(), 1);
  CAF_CHECK_EQUAL(text(2, "body"), "two");
  CAF_CHECK_EQUAL(text(2, "state"), "ready");
  CAF_CHECK_EQUAL(lines[2]["retries_left"].get<int>(), 2);
  CAF_CHECK_EQUAL(text(3, "body"), "three");
}

CAF_TEST(a dump has a line for each message whatever its name and body hold) {
  temporary_folder folder;
  // Line ends of Unicode, CSI of C1, DEL and ESC; a backslash before one of them.
  const std::string name = "a\xc2\x9b"
                           "2J\xe2\x80\xa8"
                           "b";
  const std::string body = "1\xc2\x85"
                           "2\\\xe2\x80\xa9"
                           "3\x7f"
                           "4\x1b[2J\n\xc3\xa9";
  {
    server_process server{{.data_dir = folder.path("data")}};
    http_client client{server.http_port()};
    push(client, "a%C2%9B2J%E2%80%A8b", body);
    CAF_CHECK_EQUAL(server.stop(), 0);
  }
  auto restored = run({"restore", folder.path("data"), "--data-dir", folder.path("restored")});
  CAF_CHECK_EQUAL(restored.exit_code, 0);
  for (auto* directory : {"data", "restored"}) {
    auto dumped = run({"dump", "--data-dir", folder.path(directory)});
    CAF_CHECK_EQUAL(dumped.exit_code, 0);
    CAF_CHECK(is_one_line(dumped.out));
    CAF_CHECK_EQUAL(in_sight(dumped.out), dumped.out.substr(0, dumped.out.size() - 1) + "\\x0a");
    auto line = json::parse(dumped.out);
    auto queue_read = line["queue"].get<std::string>();
    CAF_CHECK_EQUAL(queue_read, name);
    auto body_read = line["body"].get<std::string>();
    CAF_CHECK_EQUAL(body_read, body);
  }
}

CAF_TEST(a dump whose reader goes away ends quietly) {
  temporary_folder folder;
  {
    server_process server{{.data_dir = folder.path("data")}};
    http_client client{server.http_port()};
    for (int i = 0; i < 20; ++i)
      push(client, "jobs", std::string(100'000, 'x'));
    CAF_CHECK_EQUAL(server.stop(), 0);
  }
  testing::child_process piped{
    {.program = "/bin/bash",
     .arguments = {"-c", "set -o pipefail; \"$LMQ\" dump --data-dir \"$DIR\" | head -n 1 | wc -l"},
     .environment = {{"LMQ", testing::program_path()}, {"DIR", folder.path("data")}}}};
  auto done = finish(piped);
  CAF_CHECK_EQUAL(done.exit_code, 0);
  CAF_CHECK_EQUAL(done.out, "1\n");
  CAF_CHECK_EQUAL(done.err, "");
}

CAF_TEST(a restore refuses what is not whole and what is in the way) {
  temporary_folder folder;
  {
    server_process server{{.data_dir = folder.path("data")}};
    http_client client{server.http_port()};
    push(client, "jobs", std::string(1000, 'x'));
    CAF_CHECK_EQUAL(run({"backup", folder.path("backup"), "--url", url_of(server)}).exit_code, 0);
    auto of_a_server = run({"restore", folder.path("data"), "--data-dir", folder.path("new")});
    CAF_CHECK_EQUAL(of_a_server.exit_code, 4);
    CAF_CHECK(holds(of_a_server.err, "a server has the data directory"));
  }
  fs::create_directory(folder.path("empty"));
  fs::create_directory(folder.path("full"));
  folder.write("full/file", "");
  // Another file, and not another link to the server's.
  fs::copy(folder.path("backup"), folder.path("damaged"));
  flip_a_bit(file_in(folder.path("damaged"), ".sst"), 500);
  auto refused = [&](const std::string& from, const std::string& to, std::string_view why) {
    auto no = run({"restore", folder.path(from), "--data-dir", folder.path(to)});
    CAF_MESSAGE(no.err);
    CAF_CHECK_EQUAL(no.exit_code, 4);
    CAF_CHECK(is_one_line(no.err));
    CAF_CHECK(holds(no.err, why));
    CAF_CHECK(!fs::exists(folder.path("new")));
  };
  refused("nowhere", "new", "there is no directory");
  refused("full", "new", "is no data directory");
  refused("backup", "full", "exists already, and is not empty");
  refused("backup", "no/parent", "there is no directory");
  refused("damaged", "new", "salvages what is whole");
  CAF_CHECK_EQUAL(run({"restore", folder.path("backup"), "--data-dir", folder.path("empty")}).exit_code, 0);
}

CAF_TEST(a repair salvages what is whole and tells the rest) {
  temporary_folder folder;
  {
    server_process server{{.data_dir = folder.path("data")}};
    http_client client{server.http_port()};
    for (int i = 0; i < 50; ++i)
      push(client, "jobs", "body " + std::to_string(i) + std::string(200, '.'));
    // It comes back though it holds nothing.
    CAF_CHECK_EQUAL(client.request("PATCH", "/properties/empty", {}, R"({"retry":1})").status, 204);
    auto no = run({"repair", "--data-dir", folder.path("data"), "--to", folder.path("new")});
    CAF_CHECK_EQUAL(no.exit_code, 4);
    CAF_CHECK(holds(no.err, "a server has the data directory"));
    server.kill();
  }
  auto whole = run({"repair", "--data-dir", folder.path("data"), "--to", folder.path("whole")});
  CAF_MESSAGE(whole.out);
  CAF_CHECK_EQUAL(whole.exit_code, 0);
  CAF_CHECK(holds(whole.out, "queues: 2, messages: 50\n"));
  auto restored = run({"restore", folder.path("whole"), "--data-dir", folder.path("restored")});
  CAF_CHECK_EQUAL(restored.out, folder.path("restored") + " holds queues: 2, messages: 50\n");

  auto log = file_in(folder.path("data"), ".log");
  flip_a_bit(log, place_of(log, "body 25"));
  auto refused =
    run({"serve", "--http", "127.0.0.1:0", "--rpc", "127.0.0.1:0", "--data-dir", folder.path("data")});
  CAF_CHECK_EQUAL(refused.exit_code, 4);
  CAF_CHECK(holds(refused.err, "lmq repair --data-dir " + folder.path("data") + " --to NEWDIR"));
  auto repaired = run({"repair", "--data-dir", folder.path("data"), "--to", folder.path("new")});
  CAF_MESSAGE(repaired.out);
  CAF_CHECK_EQUAL(repaired.exit_code, 1);
  CAF_CHECK(holds(repaired.out, "damaged   " + log.filename().string() + ": batch"));
  CAF_CHECK(holds(repaired.out, "queues: 2, messages: 49\n"));
  server_process server{{.arguments = {"--log-level", "info"}, .data_dir = folder.path("new")}};
  http_client client{server.http_port()};
  CAF_CHECK_EQUAL(drain(client, "jobs").size(), 49u);
  CAF_REQUIRE(server.stop() == 0);
  CAF_CHECK(holds(server.process().standard_error(), " queues=2 messages=49 "));
}

CAF_TEST(a name on a damaged disk can not play with the terminal) {
  repair_report report;
  report.flaws = {{"1.log", "batch of \"a\nb\""}};
  report.dropped = {"message 1 of \"\xc2\x9b"
                    "2J\x1b[2J\" is lost"};
  report.remarks = {"queue \"\xe2\x80\xa8\xff\""};
  auto text = text_of(report, {"data", "new"});
  CAF_CHECK(holds(text, "damaged   1.log: batch of \"a\\x0ab\"\n"));
  CAF_CHECK(holds(text, "dropped   message 1 of \"\\x9b2J\\x1b[2J\" is lost\n"));
  CAF_CHECK(holds(text, "noticed   queue \"\\u2028\\xff\"\n"));
}
