// A data directory that the server's user may not use. Takes root, to become somebody else.
#define CAF_SUITE permissions

#include <caf/test/unit_test.hpp>

#include "tests/apps/run.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/temporary_folder.hpp"

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace lmq::testing;
namespace fs = std::filesystem;

namespace {

constexpr const char* setpriv = "/usr/bin/setpriv";
constexpr int storage_exit_code = 4;

/// Whether the program can be run as somebody who may nothing; says why not.
bool can_be_nobody() {
  if (::geteuid() == 0 && ::access(setpriv, X_OK) == 0) {
    child_process tried{
      {.program = setpriv,
       .arguments = {"--reuid", "65534", "--regid", "65534", "--clear-groups", program_path(), "--version"}}};
    if (tried.wait() == 0)
      return true;
  }
  CAF_MESSAGE("left out: it takes root, setpriv, and a program that all may run");
  return false;
}

/// `lmq serve --data-dir DIRECTORY` as nobody, which must be refused.
finished served_as_nobody(const std::string& directory) {
  server_options options{.http_port = free_port(), .rpc_port = free_port(), .data_dir = directory};
  auto words = serve_arguments(options);
  words.insert(words.begin(), {"--reuid", "65534", "--regid", "65534", "--clear-groups", program_path()});
  child_process child{{.program = setpriv, .arguments = std::move(words)}};
  return finish(child);
}

void check_refused(const finished& run, const std::string& directory) {
  CAF_MESSAGE(run.err);
  CAF_CHECK_EQUAL(run.exit_code, storage_exit_code);
  CAF_CHECK(is_one_line(run.err));
  CAF_CHECK(run.err.starts_with("lmq: "));
  CAF_CHECK(holds(run.err, directory));
  CAF_CHECK(holds(run.err, "Permission denied"));
}

/// A folder that others may pass through, and no more.
struct open_folder : temporary_folder {
  open_folder() { ::chmod(path().c_str(), 0755); }
};

} // namespace

CAF_TEST(a directory that may not be made is refused) {
  open_folder folder;
  if (!can_be_nobody())
    return;
  check_refused(served_as_nobody(folder.path("data")), folder.path("data"));
  CAF_CHECK(!fs::exists(folder.path("data")));
}

CAF_TEST(a directory that may not be entered or written to is refused) {
  open_folder folder;
  if (!can_be_nobody())
    return;
  for (mode_t mode : {0700, 0755, 0744}) {
    fs::create_directory(folder.path("data"));
    ::chmod(folder.path("data").c_str(), mode);
    check_refused(served_as_nobody(folder.path("data")), folder.path("data"));
    CAF_CHECK(fs::is_empty(folder.path("data")));
    fs::remove(folder.path("data"));
  }
}

CAF_TEST(a directory with files of somebody else is refused and loses nothing) {
  open_folder folder;
  if (!can_be_nobody())
    return;
  auto push_one = [&] {
    server_process server{{.data_dir = folder.path("data")}};
    http_client client{server.http_port()};
    CAF_CHECK_EQUAL(client.request("POST", "/messages/q", {}, "x").status, 200);
    server.stop();
  };
  push_one();
  for (const auto* theirs : {"lmq.lock", "SYNCED", "CURRENT"}) {
    ::chmod(folder.path("data").c_str(), 0777);
    for (const auto& entry : fs::directory_iterator(folder.path("data")))
      ::chmod(entry.path().c_str(), entry.path().filename() == theirs ? 0600 : 0666);
    check_refused(served_as_nobody(folder.path("data")), folder.path("data"));
  }
  push_one();
  server_process server{{.data_dir = folder.path("data")}};
  http_client client{server.http_port()};
  for (int i = 0; i < 2; ++i)
    CAF_CHECK_EQUAL(client.request("GET", "/messages/q?t=0").status, 200);
}
