// The documents and the example say what the program does.
#define CAF_SUITE documents

#include <caf/test/unit_test.hpp>

#include "apps/option_table.hpp"
#include "gateway/access/token_file.hpp"
#include "tests/apps/run.hpp"
#include "tests/support/http_client.hpp"

#include <fstream>
#include <iterator>
#include <set>

using namespace lmq;
using lmq::testing::holds;

namespace {

const std::string example = LMQ_SOURCE_DIR "/examples/lmq.toml";

std::string text_of(const std::string& path) {
  std::ifstream file{path};
  CAF_REQUIRE(file.is_open());
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// Differs from machine to machine.
bool is_of_the_machine(std::string_view option) {
  return option == "threads" || option == "name";
}

/// As the page shows it.
std::string default_of(const serve_option& option) {
  auto shown = option.show(settings{});
  return shown.empty() ? "none" : '`' + shown + '`';
}

} // namespace

CAF_TEST(the configuration page has a row for every setting with its names and default) {
  auto page = text_of(LMQ_SOURCE_DIR "/docs/configuration.md");
  for (auto& option : serve_options()) {
    auto name = std::string{option.name};
    auto row = "| `--" + name + "` | `" + environment_name(name) + "` | ";
    CAF_MESSAGE(row);
    auto at = page.find(row);
    CAF_REQUIRE(at != std::string::npos);
    auto line = page.substr(at, page.find('\n', at) - at);
    if (!is_of_the_machine(name))
      CAF_CHECK(holds(line, " | " + default_of(option) + " | "));
  }
}

CAF_TEST(the example sets every setting to its default) {
  auto given = read_config_file(example);
  CAF_REQUIRE(given.has_value());
  std::set<std::string> keys;
  for (auto& setting : *given)
    keys.insert(setting.key);
  settings from_file;
  auto done = override_settings(from_file, *given);
  CAF_REQUIRE(done.has_value());
  for (auto& option : serve_options()) {
    CAF_CHECK(keys.contains(std::string{option.name}));
    if (!is_of_the_machine(option.name))
      CAF_CHECK_EQUAL(option.show(from_file), option.show(settings{}));
  }
}

CAF_TEST(the tokens on the page about security are taken) {
  auto page = text_of(LMQ_SOURCE_DIR "/docs/operations/security.md");
  auto begin = page.find("# NAME");
  CAF_REQUIRE(begin != std::string::npos);
  auto tokens = parse_tokens(std::string_view{page}.substr(begin, page.find("```", begin) - begin));
  CAF_REQUIRE(tokens.has_value());
  CAF_CHECK_EQUAL(tokens->size(), 3u);
}

CAF_TEST(a server starts from the example) {
  testing::server_process server{testing::server_options{.arguments = {"--config", example}}};
  testing::http_client client{server.http_port()};
  CAF_CHECK(holds(client.request("GET", "/stats").body, "\"active_nodes\":[\"lmq@example\"]"));
}
