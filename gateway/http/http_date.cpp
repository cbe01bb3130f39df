#include "gateway/http/http_date.hpp"

#include <string>

namespace lmq {

std::array<char, 29> format_http_date(std::chrono::sys_seconds at) noexcept {
  using namespace std::chrono;
  constexpr const char* day_names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  auto day = floor<days>(at);
  year_month_day date{day};
  hh_mm_ss time{at - day};
  std::array<char, 29> out{};
  auto* to = out.data();
  auto text = [&](std::string_view piece) { to += piece.copy(to, piece.size()); };
  auto number = [&](unsigned value, int digits) {
    for (int i = digits - 1; i >= 0; --i, value /= 10)
      to[i] = static_cast<char>('0' + value % 10);
    to += digits;
  };
  text(day_names[weekday{day}.c_encoding()]);
  text(", ");
  number(static_cast<unsigned>(date.day()), 2);
  text(" ");
  text(month_names[static_cast<unsigned>(date.month()) - 1]);
  text(" ");
  number(static_cast<unsigned>(static_cast<int>(date.year())), 4);
  text(" ");
  number(static_cast<unsigned>(time.hours().count()), 2);
  text(":");
  number(static_cast<unsigned>(time.minutes().count()), 2);
  text(":");
  number(static_cast<unsigned>(time.seconds().count()), 2);
  text(" GMT");
  return out;
}

void http_date::renew(time_point now) {
  using namespace std::chrono;
  auto wall = system_clock::now();
  auto second = floor<seconds>(wall);
  text_ = format_http_date(second);
  valid_until_ = now + (second + seconds{1} - wall);
}

} // namespace lmq
