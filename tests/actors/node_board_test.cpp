// The board of the nodes' names: what is read is whole, and stays while it is read.
#define CAF_SUITE node_board

#include "actors/node_board.hpp"

#include <caf/test/unit_test.hpp>

#include <thread>

using namespace lmq;

CAF_TEST(a fresh board shows what it was made with) {
  CAF_CHECK(node_board{}.get()->all.empty());
  node_board board{{{"a"}, {"a", "b"}}};
  CAF_CHECK(board.get()->active == std::vector<std::string>{"a"});
  CAF_CHECK((board.get()->all == std::vector<std::string>{"a", "b"}));
}

CAF_TEST(what was read stays as it was when the board changes) {
  node_board board{{{"a"}, {"a"}}};
  auto before = board.get();
  board.set({{"a", "b"}, {"a", "b"}});
  CAF_CHECK_EQUAL(before->all.size(), 1u);
  CAF_CHECK_EQUAL(board.get()->all.size(), 2u);
}

CAF_TEST(a reader never sees half of a change) {
  constexpr int changes = 20'001;
  node_board board;
  std::thread writer{[&] {
    for (int i = 1; i <= changes; ++i) {
      std::vector<std::string> names(static_cast<std::size_t>(i) % 8, std::to_string(i));
      board.set({names, names});
    }
  }};
  bool whole = true;
  do {
    auto names = board.get();
    whole = whole && names->active == names->all;
  } while (board.get()->all != std::vector<std::string>(changes % 8, std::to_string(changes)) && whole);
  writer.join();
  CAF_CHECK(whole);
}
