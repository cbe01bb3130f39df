#include "cluster/codec.hpp"

#include <chrono>
#include <msgpack.hpp>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace lmq {

namespace {

// -- the fields of each struct, for writing and for reading

#define LMQ_FIELDS(type, ...)                                                                                \
  template <class Visitor>                                                                                   \
  void fields(Visitor&& visit, type& x) {                                                                    \
    visit(__VA_ARGS__);                                                                                      \
  }                                                                                                          \
  template <class Visitor>                                                                                   \
  void fields(Visitor&& visit, const type& x) {                                                              \
    visit(__VA_ARGS__);                                                                                      \
  }

LMQ_FIELDS(message_id, x.incarnation, x.counter)
LMQ_FIELDS(lease_id, x.message, x.delivery, x.home)
LMQ_FIELDS(id_set::interval, x.first, x.last)
LMQ_FIELDS(part, x.id, x.content)
LMQ_FIELDS(delivery, x.lease, x.content, x.retries_left, x.waited)
LMQ_FIELDS(hook_call, x.name, x.arguments)
LMQ_FIELDS(property_set, x.accum, x.retry, x.timeout, x.hooks, x.max_messages, x.max_bytes, x.paused,
           x.dead_letter)
LMQ_FIELDS(rule, x.pattern, x.set)
LMQ_FIELDS(window_place, x.unit, x.left)
LMQ_FIELDS(delivery_state, x.deliveries, x.retries_left, x.exhausted, x.home, x.lease)
LMQ_FIELDS(facts::put, x.id, x.content, x.retries_left, x.window)
LMQ_FIELDS(facts::closed, x.unit, x.retries_left, x.parts)
LMQ_FIELDS(facts::leased, x.unit, x.delivery, x.home, x.lease)
LMQ_FIELDS(facts::ended, x.unit, x.retries_left, x.exhausted, x.in_place, x.delivery, x.home)
LMQ_FIELDS(facts::settled, x.ids, x.why)
LMQ_FIELDS(properties, x.accum, x.retry, x.timeout, x.hooks, x.max_messages, x.max_bytes, x.paused,
           x.dead_letter)
LMQ_FIELDS(meter_report, x.count, x.one, x.five, x.fifteen, x.day, x.mean, x.one_to_five, x.five_to_fifteen,
           x.one_to_fifteen)
LMQ_FIELDS(retention_report::bin, x.upper, x.count)
LMQ_FIELDS(retention_report, x.n, x.min, x.max, x.arithmetic_mean, x.geometric_mean, x.harmonic_mean,
           x.median, x.variance, x.standard_deviation, x.skewness, x.kurtosis, x.p50, x.p75, x.p90, x.p95,
           x.p99, x.p999, x.histogram)
LMQ_FIELDS(queue_counts, x.pushed, x.received, x.joined, x.acked, x.settled_elsewhere, x.discarded, x.deleted,
           x.handed_over, x.delivered, x.nacked, x.extended, x.expired, x.given_back, x.dead_lettered,
           x.redriven)
LMQ_FIELDS(queue_report, x.name, x.size, x.memory_bytes, x.in_force, x.push, x.pull, x.retention, x.restarts,
           x.down, x.nodes, x.home, x.ready, x.leased, x.accumulating, x.waiters, x.oldest_ready, x.counts)
LMQ_FIELDS(orders::peek, x.n)
LMQ_FIELDS(orders::remove, x.id)
LMQ_FIELDS(peeked_part, x.content_type, x.preserved, x.body_bytes, x.body, x.unread)
LMQ_FIELDS(peeked_message, x.id, x.compound, x.age, x.deliveries, x.retries_left, x.body_bytes, x.parts_total,
           x.parts)
LMQ_FIELDS(purged, x.messages)
LMQ_FIELDS(stamp, x.clock, x.writer)
LMQ_FIELDS(queue_metadata, x.exists, x.of_existence, x.own, x.of_own)
LMQ_FIELDS(metadata_change, x.queue, x.of_queue, x.rules, x.of_rules)
LMQ_FIELDS(node_id, x.name, x.incarnation)
LMQ_FIELDS(view_id, x.number, x.leader)
LMQ_FIELDS(view, x.id, x.members, x.homes)
LMQ_FIELDS(heartbeat, x.linked, x.in_step, x.leader, x.view, x.serving, x.leaving, x.clock, x.withdrawn,
           x.addresses, x.unwritten_bytes)
LMQ_FIELDS(unit_record, x.unit, x.state, x.compound, x.window, x.parts, x.listed)
LMQ_FIELDS(moved_message, x.id, x.content)
LMQ_FIELDS(asked::push, x.id, x.content, x.again)
LMQ_FIELDS(asked::pull, x.wait)
LMQ_FIELDS(asked::settle, x.lease, x.verdict, x.again)
LMQ_FIELDS(asked::give_back, x.lease)
LMQ_FIELDS(asked::order, x.what, x.again)
LMQ_FIELDS(asked::redrive, x.limit)
LMQ_FIELDS(answered::pushed, x.outcome)
LMQ_FIELDS(answered::delivered, x.queue, x.what)
LMQ_FIELDS(answered::refused, x.why, x.detail)
LMQ_FIELDS(answered::reported, x.report)
LMQ_FIELDS(answered::ordered, x.what)
LMQ_FIELDS(answered::redriven, x.moved)
LMQ_FIELDS(says::recorded, x.queue, x.facts)
LMQ_FIELDS(says::changed, x.what)
LMQ_FIELDS(says::propose, x.next)
LMQ_FIELDS(says::flushed, x.in)
LMQ_FIELDS(says::summary::queue, x.name, x.units, x.digest)
LMQ_FIELDS(says::summary, x.round, x.context, x.queues, x.metadata)
LMQ_FIELDS(says::holds, x.round, x.queue, x.units)
LMQ_FIELDS(says::compared, x.round, x.reply, x.context, x.metadata_differs)
LMQ_FIELDS(says::moved, x.queue, x.units, x.messages)
LMQ_FIELDS(says::complete, x.round)
LMQ_FIELDS(says::ask, x.number, x.queue, x.what, x.age)
LMQ_FIELDS(says::forget, x.number)
LMQ_FIELDS(says::tell, x.number, x.what)
#undef LMQ_FIELDS

template <class T>
concept empty_struct = std::is_empty_v<T>;

template <class Visitor, empty_struct T>
void fields(Visitor&& visit, T&) {
  visit();
}

// -- writing

class writer {
public:
  std::string take() && { return {buffer_.data(), buffer_.size()}; }

  void put(bool x) { pack_.pack(x); }
  void put(double x) { pack_.pack(x); }
  template <class T>
    requires std::is_integral_v<T>
  void put(T x) { pack_.pack(x); }
  template <class T>
    requires std::is_enum_v<T>
  void put(T x) { pack_.pack(static_cast<std::underlying_type_t<T>>(x)); }
  template <class Rep, class Period>
  void put(std::chrono::duration<Rep, Period> x) {
    pack_.pack(static_cast<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(x).count()));
  }
  void put(std::string_view x) {
    pack_.pack_bin(static_cast<std::uint32_t>(x.size()));
    pack_.pack_bin_body(x.data(), static_cast<std::uint32_t>(x.size()));
  }
  void put(const std::string& x) { put(std::string_view{x}); }

  template <class T>
  void put(const std::optional<T>& x) {
    if (x)
      put(*x);
    else
      pack_.pack_nil();
  }
  template <class T>
  void put(const std::vector<T>& all) {
    pack_.pack_array(static_cast<std::uint32_t>(all.size()));
    for (const auto& x : all)
      put(x);
  }
  template <class T, std::size_t N>
  void put(const std::array<T, N>& all) {
    pack_.pack_array(N);
    for (const auto& x : all)
      put(x);
  }
  template <class K, class V>
  void put(const std::map<K, V>& all) {
    pack_.pack_array(static_cast<std::uint32_t>(2 * all.size()));
    for (const auto& [k, v] : all) {
      put(k);
      put(v);
    }
  }
  template <class A, class B>
  void put(const std::pair<A, B>& x) {
    pack_.pack_array(2);
    put(x.first);
    put(x.second);
  }
  template <class... Ts>
  void put(const std::variant<Ts...>& x) {
    pack_.pack_array(2);
    pack_.pack(static_cast<std::uint32_t>(x.index()));
    std::visit([this](const auto& alternative) { put(alternative); }, x);
  }

  void put(const id_set& x) { put(x.by_incarnation()); }
  void put(const message& x) {
    pack_.pack_array(3);
    put(x.content.content_type());
    put(x.content.body());
    if (x.preserved)
      put(*x.preserved);
    else
      pack_.pack_nil();
  }
  void put(const std::shared_ptr<const compound>& x) { put(*x); }

  template <class T>
    requires std::is_class_v<T> && requires(writer& w, const T& x) {
      fields(w, x);
    }
  void put(const T& x) { fields(*this, x); }

  template <class... Ts>
  void operator()(const Ts&... of_struct) {
    pack_.pack_array(sizeof...(Ts));
    (put(of_struct), ...);
  }

private:
  msgpack::sbuffer buffer_;
  msgpack::packer<msgpack::sbuffer> pack_{buffer_};
};

// -- reading

/// Throws std::runtime_error where the bytes are not what the type asks for.
class reader {
public:
  explicit reader(const msgpack::object& from) : at_(&from) {}

  void get(bool& x) { x = expect(msgpack::type::BOOLEAN).via.boolean; }
  void get(double& x) { x = at_->as<double>(); }
  template <class T>
    requires std::is_integral_v<T>
  void get(T& x) { x = at_->as<T>(); }
  template <class T>
    requires std::is_enum_v<T>
  void get(T& x) { x = static_cast<T>(at_->as<std::underlying_type_t<T>>()); }
  template <class Rep, class Period>
  void get(std::chrono::duration<Rep, Period>& x) {
    constexpr std::int64_t longest = std::chrono::milliseconds{std::chrono::hours{24 * 366 * 100}}.count();
    auto ms = at_->as<std::int64_t>();
    x = std::chrono::milliseconds{std::clamp(ms, -longest, longest)};
  }
  void get(std::string& x) { x = text(); }

  template <class T>
  void get(std::optional<T>& x) {
    if (at_->type == msgpack::type::NIL)
      x.reset();
    else
      get(x.emplace());
  }
  template <class T>
  void get(std::vector<T>& all) {
    all.clear();
    const auto& items = expect(msgpack::type::ARRAY).via.array;
    all.reserve(items.size);
    for (std::uint32_t i = 0; i < items.size; ++i)
      reader{items.ptr[i]}.get(all.emplace_back());
  }
  template <class T, std::size_t N>
  void get(std::array<T, N>& all) {
    const auto& items = expect(msgpack::type::ARRAY).via.array;
    for (std::uint32_t i = 0; i < items.size && i < N; ++i)
      reader{items.ptr[i]}.get(all[i]);
  }
  template <class K, class V>
  void get(std::map<K, V>& all) {
    all.clear();
    const auto& items = expect(msgpack::type::ARRAY).via.array;
    for (std::uint32_t i = 0; i + 1 < items.size; i += 2) {
      K key{};
      reader{items.ptr[i]}.get(key);
      reader{items.ptr[i + 1]}.get(all[std::move(key)]);
    }
  }
  template <class A, class B>
  void get(std::pair<A, B>& x) {
    (*this)(x.first, x.second);
  }
  template <class... Ts>
  void get(std::variant<Ts...>& x) {
    const auto& items = expect(msgpack::type::ARRAY).via.array;
    if (items.size < 2)
      throw std::runtime_error{"an alternative without its number"};
    auto which = items.ptr[0].as<std::uint32_t>();
    std::uint32_t i = 0;
    bool found = ((i++ == which && (reader{items.ptr[1]}.get(x.template emplace<Ts>()), true)) || ...);
    if (!found)
      throw std::runtime_error{"an alternative that this version does not know"};
  }

  void get(id_set& x) {
    std::map<std::uint64_t, std::vector<id_set::interval>> all;
    get(all);
    for (const auto& [incarnation, intervals] : all)
      for (const auto& i : intervals)
        if (i.first <= i.last)
          x.add(incarnation, i);
  }
  void get(message& x) {
    const auto& items = expect(msgpack::type::ARRAY).via.array;
    if (items.size < 3)
      throw std::runtime_error{"half a message"};
    x.content = payload::copy_of(reader{items.ptr[0]}.text(), reader{items.ptr[1]}.text());
    if (items.ptr[2].type != msgpack::type::NIL) {
      header_list headers;
      reader{items.ptr[2]}.get(headers);
      x.preserved = std::make_shared<const header_list>(std::move(headers));
    }
  }
  void get(std::shared_ptr<const compound>& x) {
    compound parts;
    get(parts);
    x = std::make_shared<const compound>(std::move(parts));
  }

  template <class T>
    requires std::is_class_v<T> && requires(reader& r, T& x) {
      fields(r, x);
    }
  void get(T& x) { fields(*this, x); }

  template <class... Ts>
  void operator()(Ts&... of_struct) {
    [[maybe_unused]] const auto& items = expect(msgpack::type::ARRAY).via.array;
    [[maybe_unused]] std::uint32_t i = 0;
    [[maybe_unused]] auto next = [&](auto& x) {
      if (i < items.size)
        reader{items.ptr[i]}.get(x);
      ++i;
    };
    (next(of_struct), ...);
  }

private:
  const msgpack::object& expect(msgpack::type::object_type type) const {
    if (at_->type != type)
      throw std::runtime_error{"a value of the wrong type"};
    return *at_;
  }

  std::string_view text() const {
    const auto& bin = expect(msgpack::type::BIN).via.bin;
    return {bin.ptr, bin.size};
  }

  const msgpack::object* at_;
};

template <class T>
std::string write(const T& x) {
  writer w;
  w.put(x);
  return std::move(w).take();
}

/// Structs within structs; those of a message are no deeper than a dozen.
constexpr std::size_t depth_max = 64;

template <class T>
std::optional<T> read(std::string_view bytes) {
  try {
    auto by_reference = [](msgpack::type::object_type, std::size_t, void*) { return true; };
    // A header may promise more than there is: nothing is made room for that cannot be here.
    msgpack::unpack_limit limit{bytes.size(), bytes.size(), bytes.size(),
                                bytes.size(), bytes.size(), depth_max};
    auto handle = msgpack::unpack(bytes.data(), bytes.size(), by_reference, nullptr, limit);
    T x;
    reader{handle.get()}.get(x);
    return x;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

} // namespace

std::string encode(const cluster_message& message) {
  return write(message);
}

std::optional<cluster_message> decode_message(std::string_view bytes) {
  return read<cluster_message>(bytes);
}

std::string encode(const heartbeat& beat) {
  return write(beat);
}

std::optional<heartbeat> decode_heartbeat(std::string_view bytes) {
  return read<heartbeat>(bytes);
}

std::string encode(const queue_report& report) {
  return write(report);
}

std::optional<queue_report> decode_report(std::string_view bytes) {
  return read<queue_report>(bytes);
}

} // namespace lmq
