// GET /stats as a document, and the writing of JSON by hand beneath it.
#define CAF_SUITE json_stats

#include "gateway/http/json_stats.hpp"
#include "gateway/http/json_text.hpp"

#include <caf/test/unit_test.hpp>
#include <limits>
#include <nlohmann/json.hpp>

using namespace lmq;
using json = nlohmann::ordered_json;

namespace {

const node_names nodes{{"a@here"}, {"a@here", "b@there"}};

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string number(double value) {
  std::string out;
  append_json_number(out, value);
  return out;
}

queue_report some_report(std::string name = "q") {
  queue_report q;
  q.name = std::move(name);
  q.size = 3;
  q.memory_bytes = 1234;
  q.in_force.retry = 7;
  q.push = {9, 1, 2, 3, 4, 5, 6, 7, 8};
  q.pull.count = 4;
  q.retention.n = 2;
  q.retention.p999 = 0.5;
  q.retention.histogram = {{0.1, 1}, {0.2, 1}};
  return q;
}

} // namespace

CAF_TEST(a server without queues has an empty object of them) {
  CAF_CHECK_EQUAL(stats_json(nodes, {}),
                  R"({"active_nodes":["a@here"],"all_nodes":["a@here","b@there"],"queues":{}})");
}

CAF_TEST(a report is found under its names) {
  auto all = json::parse(stats_json(nodes, {some_report(), some_report("r")}));
  CAF_CHECK_EQUAL(all["queues"].size(), 2u);
  auto q = all["queues"]["q"];
  CAF_CHECK_EQUAL(q["size"].dump(), "3");
  CAF_CHECK_EQUAL(q["memory"].dump(), "1234");
  CAF_CHECK_EQUAL(q["props"].dump(), R"({"accum":0,"retry":7,"timeout":30})");
  CAF_CHECK_EQUAL(q["nodes"].dump(), R"(["a@here","b@there"])");
  auto push = q["stats"]["push"];
  CAF_CHECK_EQUAL(push["count"].dump(), "9");
  CAF_CHECK_EQUAL(push["one"].get<double>(), 1.0);
  CAF_CHECK_EQUAL(push["five"].get<double>(), 2.0);
  CAF_CHECK_EQUAL(push["fifteen"].get<double>(), 3.0);
  CAF_CHECK_EQUAL(push["day"].get<double>(), 4.0);
  CAF_CHECK_EQUAL(push["mean"].get<double>(), 5.0);
  CAF_CHECK_EQUAL(push["acceleration"].dump(), R"({"five_to_fifteen":7,"one_to_fifteen":8,"one_to_five":6})");
  CAF_CHECK_EQUAL(q["stats"]["pull"]["count"].dump(), "4");
  auto retention = q["stats"]["retention"];
  for (auto* key : {"min", "max", "arithmetic_mean", "geometric_mean", "harmonic_mean", "median", "variance",
                    "standard_deviation", "skewness", "kurtosis"})
    CAF_CHECK(retention[key].is_number());
  CAF_CHECK_EQUAL(retention["n"].dump(), "2");
  CAF_CHECK_EQUAL(retention["histogram"].dump(), R"([{"bin":0.1,"count":1},{"bin":0.2,"count":1}])");
  CAF_CHECK_EQUAL(retention["percentile"].dump(), R"({"50":0,"75":0,"90":0,"95":0,"99":0,"999":0.5})");
  CAF_CHECK_EQUAL(retention.size(), 13u);
}

CAF_TEST(a queue of a cluster shows who holds it and who delivers) {
  auto alone = json::parse(stats_json(nodes, {some_report()}))["queues"]["q"];
  CAF_CHECK(!alone.contains("home"));
  auto report = some_report();
  report.nodes = {"b@there"};
  report.home = "b@\"there";
  auto shown = json::parse(stats_json(nodes, {report}))["queues"]["q"];
  CAF_CHECK_EQUAL(shown["nodes"].dump(), R"(["b@there"])");
  CAF_CHECK_EQUAL(shown["home"].get<std::string>(), "b@\"there");
}

CAF_TEST(no two queues have the same key) {
  auto all =
    json::parse(stats_json(nodes, {some_report("\xff"), some_report("\xc3\xbf"), some_report("%FF")}));
  CAF_CHECK_EQUAL(all["queues"].size(), 3u);
  for (auto* key : {"\xef\xbf\xbd"
                    "ff",
                    "\xc3\xbf", "%FF"})
    CAF_CHECK(all["queues"].contains(key));
}

CAF_TEST(what is no number for JSON is printed as zero) {
  auto q = some_report();
  q.push.one = std::numeric_limits<double>::quiet_NaN();
  q.push.five = std::numeric_limits<double>::infinity();
  q.retention.skewness = -std::numeric_limits<double>::infinity();
  auto stats = json::parse(stats_json(nodes, {q}))["queues"]["q"]["stats"];
  CAF_CHECK_EQUAL(stats["push"]["one"].dump(), "0");
  CAF_CHECK_EQUAL(stats["push"]["five"].dump(), "0");
  CAF_CHECK_EQUAL(stats["retention"]["skewness"].dump(), "0");
}

CAF_TEST(numbers are as short as they can be) {
  CAF_CHECK_EQUAL(number(5), "5");
  CAF_CHECK_EQUAL(number(0.1), "0.1");
  CAF_CHECK_EQUAL(number(-2.5), "-2.5");
  CAF_CHECK_EQUAL(json::parse(number(1e-300)).get<double>(), 1e-300);
  CAF_CHECK_EQUAL(json::parse(number(1.7976931348623157e308)).get<double>(), 1.7976931348623157e308);
}

CAF_TEST(strings are escaped and UTF 8 stays) {
  CAF_CHECK_EQUAL(quoted("a\"b\\c\n\r\t\x01\x7f"), R"("a\"b\\c\n\r\t\u0001\u007f")");
  CAF_CHECK_EQUAL(quoted("ü€😀"), "\"ü€😀\"");
}

CAF_TEST(bytes that are no UTF 8 are shown as Latin 1) {
  CAF_CHECK_EQUAL(quoted("\xff"), R"("\u00ff")");
  CAF_CHECK_EQUAL(quoted("a\xc3"), R"("a\u00c3")");
  CAF_CHECK_EQUAL(quoted("\xc0\x80"), R"("\u00c0\u0080")");
  CAF_CHECK_EQUAL(quoted("\xed\xa0\x80"), R"("\u00ed\u00a0\u0080")");
  CAF_CHECK_EQUAL(quoted("\xf4\x90\x80\x80"), R"("\u00f4\u0090\u0080\u0080")");
  CAF_CHECK_EQUAL(quoted("\xe2\x82z"), R"("\u00e2\u0082z")");
}

CAF_TEST(every single and double byte makes a string that JSON readers take) {
  for (int first = 0; first < 256; ++first)
    for (int second = 0; second < 256; ++second) {
      char text[] = {static_cast<char>(first), static_cast<char>(second)};
      if (!json::accept(quoted({text, 2})))
        CAF_FAIL("not taken: " << first << " " << second);
    }
  CAF_CHECK(json::accept(quoted("")));
}
