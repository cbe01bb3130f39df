// The documents and the example say what the program does.
#define CAF_SUITE documents

#include <caf/test/unit_test.hpp>

#include "apps/option_table.hpp"
#include "gateway/access/token_file.hpp"
#include "tests/apps/run.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/temporary_folder.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <vector>

using namespace lmq;
using lmq::testing::holds;

namespace {

const std::string example = LMQ_SOURCE_DIR "/examples/lmq.toml";

std::string text_of(const std::string& path) {
  std::ifstream file{path};
  CAF_REQUIRE(file.is_open());
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// Of every place where the expression matches: all of it, and its groups.
std::vector<std::vector<std::string>> all_of(const std::string& text, const std::string& expression) {
  std::regex wanted{expression};
  std::vector<std::vector<std::string>> out;
  for (std::sregex_iterator at{text.begin(), text.end(), wanted}, end; at != end; ++at)
    out.emplace_back(at->begin(), at->end());
  return out;
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
  CAF_CHECK_EQUAL(tokens->size(), 4u);
}

CAF_TEST(the settings of two nodes on the page about installing are taken) {
  auto page = text_of(LMQ_SOURCE_DIR "/docs/operations/install.md");
  // What is pasted a second time says the same again: nothing is appended that may be there.
  CAF_CHECK(page.find("\nsudo tee -a") == std::string::npos);
  const std::string head = "sudo tee /etc/lmq/lmq.toml <<END\n";
  auto begin = page.find(head);
  CAF_REQUIRE(begin != std::string::npos);
  begin += head.size();
  auto text = page.substr(begin, page.find("\nEND\n", begin) + 1 - begin);
  // As the shell puts them in.
  for (auto& [variable, value] : {std::pair{"$node", "a"}, {"$here", "192.0.2.1"}, {"$there", "192.0.2.2"}})
    for (auto at = text.find(variable); at != std::string::npos; at = text.find(variable))
      text.replace(at, std::string_view{variable}.size(), value);
  testing::temporary_folder folder;
  folder.write("lmq.toml", text);
  auto given = read_config_file(folder.path("lmq.toml"));
  CAF_REQUIRE(given.has_value());
  settings all;
  CAF_CHECK(override_settings(all, *given).has_value());
  CAF_CHECK(given->size() >= 10);
  // The file is a whole one, so it says what the package's did.
  CAF_CHECK_EQUAL(all.disk.directory, "/var/lib/lmq");

  auto tokens_at = page.find("app         push,pull");
  CAF_REQUIRE(tokens_at != std::string::npos);
  auto tokens = page.substr(tokens_at, page.find("END\n", tokens_at) - tokens_at);
  for (auto at = tokens.find("$("); at != std::string::npos; at = tokens.find("$("))
    tokens.replace(at, tokens.find(')', at) + 1 - at, std::string(40 + at % 7, 'a'));
  CAF_CHECK(parse_tokens(tokens).has_value());
}

CAF_TEST(the dashboard and the page about monitoring name what a server serves) {
  testing::temporary_folder folder;
  testing::server_process server{
    {.arguments = {"--cluster", "127.0.0.1:0"}, .data_dir = folder.path("data")}};
  testing::http_client client{server.http_port()};
  client.request("POST", "/messages/q", {}, "a");
  auto served = client.request("GET", "/metrics").body;
  std::set<std::string> families;
  for (auto& found : all_of(served, "# TYPE ([a-z_]+) "))
    families.insert(found[1]);
  CAF_REQUIRE(families.contains("lmq_replication_lag_messages") && families.contains("lmq_queue_messages"));
  auto is_served = [&](std::string name) {
    for (std::string_view part : {"_bucket", "_sum", "_count"})
      if (name.ends_with(part) && families.contains(name.substr(0, name.size() - part.size())))
        return true;
    return families.contains(name);
  };

  auto dashboard = nlohmann::json::parse(text_of(LMQ_SOURCE_DIR "/docs/operations/grafana.json"));
  std::set<int> ids;
  std::size_t named = 0;
  for (auto& panel : dashboard["panels"]) {
    CAF_CHECK(ids.insert(panel["id"].get<int>()).second);
    for (auto& target : panel["targets"]) {
      auto query = target["expr"].get<std::string>();
      CAF_MESSAGE(query);
      for (auto& found : all_of(query, "\\b((?:lmq|process)_[a-z_]+)(?:\\{([^}]*)\\})?")) {
        ++named;
        CAF_CHECK(is_served(found[1]));
        // Labels with one value; those with a pattern are the reader's.
        for (auto& label : all_of(found[2], "([a-z]+=\"[^\"]*\")"))
          CAF_CHECK(!all_of(served, "\n" + found[1] + "\\{[^}\n]*" + label[1]).empty());
      }
    }
  }
  CAF_CHECK(named > 20);
  for (auto& variable : dashboard["templating"]["list"])
    if (variable["type"] == "query")
      CAF_CHECK(is_served(all_of(variable["query"]["query"], "label_values\\((\\w+),").at(0)[1]));

  auto page = text_of(LMQ_SOURCE_DIR "/docs/operations/monitoring.md");
  for (auto& found : all_of(page, "\\b(lmq_[a-z_]*[a-z])\\b"))
    CAF_CHECK(is_served(found[1]));
  for (auto& family : families)
    if (!family.starts_with("lmq_queue_") && family.starts_with("lmq_")) {
      CAF_MESSAGE(family);
      CAF_CHECK(holds(page, '`' + family + '`') || holds(page, '`' + family + '{'));
    }
}

CAF_TEST(a server starts from the example) {
  testing::server_process server{testing::server_options{.arguments = {"--config", example}}};
  testing::http_client client{server.http_port()};
  CAF_CHECK(holds(client.request("GET", "/stats").body, "\"active_nodes\":[\"lmq@example\"]"));
}
