#include "cluster/link.hpp"

#include <algorithm>
#include <msgpack.hpp>
#include <utility>

namespace lmq {

namespace {

/// A piece's place in a frame beside its bytes, roughly.
constexpr std::size_t piece_head_bytes = 8;

} // namespace

void link::begin(std::uint32_t theirs) {
  theirs_ = theirs;
  pieces_.clear();
  acknowledged_ = sent_ = sent_ever_ = received_ = confirmed_ = 0;
  under_way_bytes_ = backlog_bytes_ = backlog_messages_ = 0;
  partial_.clear();
  early_.clear();
  early_bytes_ = 0;
  owe_word_ = false;
}

void link::restart(std::uint32_t epoch) {
  begin(0);
  epoch_ = epoch;
}

std::uint64_t link::send(link_payload message) {
  std::size_t offset = 0;
  do {
    auto size = std::min(message->size() - offset, limits_.frame_bytes_max);
    pieces_.push_back({message, offset, size, offset + size == message->size()});
    offset += size;
  } while (offset < message->size());
  backlog_bytes_ += message->size();
  ++backlog_messages_;
  return acknowledged_ + pieces_.size();
}

void link::confirm(const receipt& what) noexcept {
  if (what.epoch != epoch_ || what.theirs != theirs_ || what.received <= confirmed_)
    return;
  confirmed_ = what.received;
  owe_word_ = limits_.acknowledge_when_told;
}

std::optional<time_point> link::stalled_since() const noexcept {
  if (sent_ever_ == acknowledged_)
    return std::nullopt;
  return progress_;
}

void link::poll(time_point now, const std::string* beat, std::vector<std::string>& out) {
  if (sent_ > acknowledged_ && now - std::max(progress_, went_back_) >= limits_.resend_after) {
    sent_ = acknowledged_;
    under_way_bytes_ = 0;
    went_back_ = now;
  }
  auto ready = [&] {
    return up() && sent_ - acknowledged_ < pieces_.size() && under_way_bytes_ < limits_.window_bytes_max;
  };
  bool word = beat != nullptr || owe_word_;
  while (word || ready()) {
    std::size_t bytes = 0, count = 0;
    auto first = sent_ - acknowledged_;
    while (ready() && bytes < limits_.frame_bytes_max) {
      const auto& p = pieces_[sent_ - acknowledged_];
      if (count > 0 && bytes + p.size + piece_head_bytes > limits_.frame_bytes_max)
        break;
      if (sent_ever_ == acknowledged_)
        progress_ = now;
      bytes += p.size + piece_head_bytes;
      under_way_bytes_ += p.size;
      ++count;
      ++sent_;
      sent_ever_ = std::max(sent_ever_, sent_);
    }
    msgpack::sbuffer buffer{bytes + 64};
    msgpack::packer<msgpack::sbuffer> pack{buffer};
    pack.pack_array(6);
    pack.pack(epoch_);
    pack.pack(theirs_);
    pack.pack(limits_.acknowledge_when_told ? confirmed_ : received_);
    pack.pack(acknowledged_ + first + 1);
    auto text = word && beat != nullptr ? std::string_view{*beat} : std::string_view{};
    pack.pack_bin(static_cast<std::uint32_t>(text.size()));
    pack.pack_bin_body(text.data(), static_cast<std::uint32_t>(text.size()));
    pack.pack_array(static_cast<std::uint32_t>(2 * count));
    for (std::size_t i = 0; i < count; ++i) {
      const auto& p = pieces_[first + i];
      pack.pack_bin(static_cast<std::uint32_t>(p.size));
      pack.pack_bin_body(p.of->data() + p.offset, static_cast<std::uint32_t>(p.size));
      pack.pack(p.last);
    }
    out.emplace_back(buffer.data(), buffer.size());
    word = owe_word_ = false;
  }
}

/// A piece that is the next in line. False: the other end does not keep to the rules.
bool link::accept(std::string_view bytes, bool last, arrival& into) {
  if (partial_.size() + bytes.size() > limits_.message_bytes_max)
    return false;
  ++received_;
  if (partial_.empty() && last) {
    into.messages.emplace_back(bytes);
    return true;
  }
  partial_.append(bytes);
  if (last)
    into.messages.push_back(std::exchange(partial_, {}));
  return true;
}

/// What came before its turn, now that something has filled the gap.
bool link::accept_early(arrival& into) {
  for (auto next = early_.begin(); next != early_.end() && next->first <= received_ + 1;
       next = early_.erase(next)) {
    early_bytes_ -= next->second.bytes.size();
    if (next->first == received_ + 1 && !accept(next->second.bytes, next->second.last, into))
      return false;
  }
  return true;
}

link::arrival link::receive(std::string_view frame, time_point now) {
  arrival out;
  try {
    // Pieces stay where they are in the frame.
    auto by_reference = [](msgpack::type::object_type, std::size_t, void*) { return true; };
    // A header may promise more than there is: nothing is made room for that cannot be here.
    msgpack::unpack_limit limit{frame.size(), frame.size(), frame.size(), frame.size(), frame.size(), 4};
    auto handle = msgpack::unpack(frame.data(), frame.size(), by_reference, nullptr, limit);
    const auto& o = handle.get();
    if (o.type != msgpack::type::ARRAY || o.via.array.size < 6)
      return out;
    const auto* field = o.via.array.ptr;
    auto from = field[0].as<std::uint32_t>();
    auto to = field[1].as<std::uint32_t>();
    auto acknowledged = field[2].as<std::uint64_t>();
    auto number = field[3].as<std::uint64_t>();
    if (field[4].type != msgpack::type::BIN || field[5].type != msgpack::type::ARRAY || from == 0 ||
        field[5].via.array.size % 2 != 0)
      return out;
    out.understood = true;
    if (from < theirs_)
      return out; // it has restarted since
    if (field[4].via.bin.size > 0)
      out.beat.emplace(field[4].via.bin.ptr, field[4].via.bin.size);
    if (to != 0 && to != epoch_)
      return out; // of a session that we have given up; it will notice
    if (from != theirs_) {
      begin(from);
      progress_ = went_back_ = now;
      out.begun = true;
      owe_word_ = true;
    }
    if (to != epoch_)
      return out;
    if (acknowledged > acknowledged_ && acknowledged <= acknowledged_ + pieces_.size()) {
      for (; acknowledged_ < acknowledged; ++acknowledged_) {
        const auto& p = pieces_.front();
        backlog_bytes_ -= p.size;
        if (p.last)
          --backlog_messages_;
        if (acknowledged_ < sent_)
          under_way_bytes_ -= p.size;
        pieces_.pop_front();
      }
      sent_ = std::max(sent_, acknowledged_);
      sent_ever_ = std::max(sent_ever_, sent_);
      progress_ = now;
    }
    const auto& pieces = field[5].via.array;
    for (std::uint32_t i = 0; i < pieces.size; i += 2, ++number) {
      owe_word_ = true;
      if (number <= received_)
        continue; // here already
      if (pieces.ptr[i].type != msgpack::type::BIN)
        throw msgpack::type_error{};
      std::string_view bytes{pieces.ptr[i].via.bin.ptr, pieces.ptr[i].via.bin.size};
      auto last = pieces.ptr[i + 1].as<bool>();
      if (number > received_ + 1) {
        // Something before it is missing. What is beyond the window comes again.
        if (early_bytes_ + bytes.size() <= limits_.window_bytes_max &&
            early_.try_emplace(number, early_piece{std::string{bytes}, last}).second)
          early_bytes_ += bytes.size();
      } else if (!accept(bytes, last, out) || !accept_early(out)) {
        out.understood = false;
        return out;
      }
    }
  } catch (const msgpack::unpack_error&) {
    out.understood = false;
  } catch (const msgpack::type_error&) {
    out.understood = false;
  }
  return out;
}

} // namespace lmq
