// `lmq top`: the table of queues, drawn anew until somebody presses q or Ctrl-C.
#include "actors/stats/report.hpp"
#include "apps/client/admin.hpp"
#include "apps/client/admin_text.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>

namespace lmq::client {

namespace {

/// Keys come one by one, Ctrl-C among them, and are not shown; while it lives.
class keyboard {
public:
  explicit keyboard(int fd) : fd_(fd) {
    termios now{};
    if (isatty(fd_) == 0 || tcgetattr(fd_, &now) != 0)
      return;
    before_ = now;
    now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
    tcsetattr(fd_, TCSANOW, &now);
  }
  ~keyboard() {
    if (before_)
      tcsetattr(fd_, TCSANOW, &*before_);
  }
  keyboard(const keyboard&) = delete;
  keyboard& operator=(const keyboard&) = delete;

  /// Waits so long, or until somebody wants to end it.
  bool end_wanted(std::chrono::milliseconds within) const {
    auto until = std::chrono::steady_clock::now() + within;
    for (;;) {
      auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      if (left <= left.zero())
        return false;
      pollfd keys{before_ ? fd_ : -1, POLLIN, 0};
      if (::poll(&keys, 1, static_cast<int>(left.count())) <= 0)
        continue;
      char key = 0;
      constexpr char ctrl_c = 3, ctrl_d = 4;
      if (::read(fd_, &key, 1) != 1 || key == 'q' || key == 'Q' || key == ctrl_c || key == ctrl_d)
        return true;
    }
  }

private:
  int fd_;
  std::optional<termios> before_;
};

struct screen {
  std::size_t lines = 24;
  std::size_t columns = 80;
};

screen screen_of(int terminal) {
  winsize size{};
  if (ioctl(terminal, TIOCGWINSZ, &size) != 0 || size.ws_row < 4 || size.ws_col == 0)
    return {};
  return {size.ws_row, size.ws_col};
}

/// So many characters of it: a line that is broken by the terminal would be two.
std::string_view cut_to(std::string_view line, std::size_t columns) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < line.size(); ++i)
    if ((static_cast<unsigned char>(line[i]) & 0xc0) != 0x80 && characters++ == columns)
      return line.substr(0, i);
  return line;
}

/// `the 20 largest of 100000 queues`
std::string bounds_of(const top_table& shown) {
  return fmt::format("the {} largest of {} queues", shown.shown, shown.total);
}

/// A screen full of it, over what stood there.
std::string frame(const top_table& shown, const top& what, std::size_t columns) {
  std::string_view table = shown.text;
  std::string out = "\x1b[H"; // to the upper left
  auto line = [&](std::string_view text) {
    out += cut_to(text, columns);
    out += "\x1b[K\n"; // nothing is left of what was longer
  };
  line(fmt::format("every {} s; q ends{}", seconds_to_text(what.every),
                   shown.shown < shown.total ? "; " + bounds_of(shown) : ""));
  while (!table.empty()) {
    auto end = table.find('\n');
    line(table.substr(0, end));
    table.remove_prefix(std::min(table.size(), end == std::string_view::npos ? table.size() : end + 1));
  }
  return out + "\x1b[J"; // and of what had more lines
}

} // namespace

exit_code carry_out(const top& what, const talk& with) {
  auto terminal = fileno(with.files().out);
  if (!what.once && isatty(terminal) == 0)
    return with.complain(exit_code::usage,
                         "top: standard output is no terminal; add --once to print the table and end");
  std::map<std::string, std::uint64_t> before;
  // More than a screen shows: what comes up from below has changed since the last look, too.
  auto target = fmt::format("/queues?sort=size&limit={}&qre={}", queue_page_limits::queues_max,
                            percent_encoded(what.match));
  auto draw = [&](std::size_t lines) -> tl::expected<top_table, exit_code> {
    auto told = with.document({.method = "GET", .target = target});
    if (!told)
      return tl::unexpected{told.error()};
    auto table = top_text(*told, before, lines);
    if (!table)
      return tl::unexpected{with.complain(exit_code::refused, table.error())};
    return *std::move(table);
  };
  if (what.once) {
    auto table = draw(0);
    if (!table)
      return table.error();
    auto code = with.print(table->text);
    if (code == exit_code::done && table->shown < table->total)
      put(with.files().err, fmt::format("lmq: {}; --match chooses among them\n", bounds_of(*table)));
    return code;
  }
  keyboard keys{fileno(with.files().in)};
  put(with.files().out, "\x1b[2J");
  do {
    auto now = screen_of(terminal);
    auto table = draw(now.lines - 2); // one above, and one for the cursor
    if (!table)
      return table.error();
    if (auto code = with.print(frame(*table, what, now.columns)); code != exit_code::done)
      return code;
  } while (!keys.end_wanted(what.every));
  return exit_code::done;
}

} // namespace lmq::client
