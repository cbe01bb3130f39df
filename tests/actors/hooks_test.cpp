#define CAF_SUITE hooks

#include "broker_fixture.hpp"

using namespace std::chrono_literals;
using namespace lmq;

namespace {

struct throwing final : hook {
  void pre_http_push(const header_list&, message& m) const override {
    m.content = payload::copy_of("", "half done");
    throw std::runtime_error("no");
  }
};

hook_catalog with_throwing() {
  auto catalog = hook_catalog::built_in();
  catalog.add("throwing", {"pre_http_push"},
              [](const std::vector<std::string>&) -> result<std::unique_ptr<const hook>> {
                return std::make_unique<throwing>();
              });
  return catalog;
}

struct fixture : broker_fixture {
  fixture() : broker_fixture(with_throwing()) {}

  answer<caf::unit_t> set_hooks(const std::string& name, hook_settings settings) {
    property_set p;
    p.hooks = std::move(settings);
    return patch(name, p);
  }

  static request_headers browser() {
    return std::make_shared<header_list>(header_list{{"user-agent", "curl"}, {"accept", "*/*"}});
  }

  header_list preserved(const std::string& name) {
    auto got = pull(name, 0s);
    const auto& m = std::get<message>(got.value().delivery->content);
    return m.preserved ? *m.preserved : header_list{};
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(hooks_tests, fixture)

CAF_TEST(chosen headers stay with the message whatever their case in the properties) {
  set_hooks("q", {{"pre_http_push", {{"lmq_hook_preserve_header", {"User-Agent"}}}}});
  push("q", "a", browser());
  auto kept = preserved("q");
  CAF_REQUIRE_EQUAL(kept.size(), 1u);
  CAF_CHECK_EQUAL(kept[0].second, "curl");
}

CAF_TEST(hooks change and go with the properties) {
  set_hooks("q", {{"pre_http_push", {{"lmq_hook_preserve_header", {"user-agent"}}}}});
  set_hooks("q", {{"pre_http_push", {{"lmq_hook_preserve_header", {"accept"}}}}});
  push("q", "a", browser());
  auto kept = preserved("q");
  CAF_REQUIRE_EQUAL(kept.size(), 1u);
  CAF_CHECK_EQUAL(kept[0].first, "accept");
  ask<caf::unit_t>(doors.registry, reset_atom::value, std::string{"q"});
  push("q", "b", browser());
  CAF_CHECK(preserved("q").empty());
}

CAF_TEST(a hook that throws is skipped and the others run) {
  set_hooks("q", {{"pre_http_push", {{"throwing", {}}, {"lmq_hook_preserve_header", {"accept"}}}}});
  push("q", "whole", browser());
  auto got = pull("q", 0s);
  CAF_CHECK_EQUAL(body(got), "whole");
  CAF_CHECK_EQUAL(std::get<message>(got.value().delivery->content).preserved->size(), 1u);
}

CAF_TEST(unknown hooks and points and bad arguments are refused and change nothing) {
  CAF_CHECK(set_hooks("q", {{"pre_http_push", {{"nope", {}}}}}).why().why == reason::unknown_hook);
  CAF_CHECK(set_hooks("q", {{"post_mortem", {}}}).why().why == reason::unknown_hook);
  CAF_CHECK(set_hooks("q", {{"pre_http_push", {{"lmq_hook_preserve_header", {"two words"}}}}}).why().why ==
            reason::bad_property);
  CAF_CHECK(ask<queue_ref>(doors.registry, find_atom::value, std::string{"q"}).refused());
}

CAF_TEST_FIXTURE_SCOPE_END()
