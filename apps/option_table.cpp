#include "apps/option_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace lmq {

namespace {

/// Writes a value that was read, or passes its error on.
template <class T, class Member>
checked<void> put(checked<T>&& value, Member& into) {
  if (!value)
    return tl::unexpected<std::string>(std::move(value).error());
  into = *std::move(value);
  return {};
}

// One entry's two functions for the kinds of values that come more than once.

template <auto Member>
constexpr serve_option address(std::string_view name, std::string_view help) {
  return {name,
          "Ports",
          "HOST:PORT",
          help,
          [](settings& s, std::string_view text) { return put(parse_host_port(text), s.*Member); },
          [](const settings& s) { return to_text(s.*Member); }};
}

template <auto Member>
constexpr serve_option bytes(std::string_view name, std::string_view help) {
  return {name,
          "Limits of a connection",
          "BYTES",
          help,
          [](settings& s, std::string_view text) { return put(parse_bytes(text), s.limits.*Member); },
          [](const settings& s) { return bytes_to_text(s.limits.*Member); }};
}

template <auto Member>
constexpr serve_option time(std::string_view name, std::string_view help) {
  return {name,
          "Limits of a connection",
          "SECONDS",
          help,
          [](settings& s, std::string_view text) { return put(parse_seconds(text), s.limits.*Member); },
          [](const settings& s) { return seconds_to_text(s.limits.*Member); }};
}

template <auto Group, auto Member>
constexpr serve_option file_of(std::string_view section, std::string_view name, std::string_view help) {
  return {name,
          section,
          "FILE",
          help,
          [](settings& s, std::string_view text) {
            s.*Group.*Member = std::string{text};
            return checked<void>{};
          },
          [](const settings& s) { return s.*Group.*Member; }};
}

template <auto Member>
constexpr serve_option tls_file(std::string_view name, std::string_view help) {
  return file_of<&settings::cluster, Member>("Cluster", name, help);
}

template <auto Member>
constexpr serve_option access_file(std::string_view name, std::string_view help) {
  return file_of<&settings::access, Member>("Access", name, help);
}

template <auto Member>
constexpr serve_option bytes_of_disk(std::string_view name, std::string_view help) {
  return {
    name,
    "Storage",
    "BYTES",
    help,
    [](settings& s, std::string_view text) -> checked<void> {
      if (text.empty())
        return (s.disk.*Member).reset(), checked<void>{};
      return put(parse_bytes(text).map([](auto bytes) { return std::optional{bytes}; }), s.disk.*Member);
    },
    [](const settings& s) { return s.disk.*Member ? bytes_to_text(*(s.disk.*Member)) : std::string{}; }};
}

/// An address, or nothing where the text is empty.
checked<std::optional<host_port>> parse_optional_address(std::string_view text) {
  if (text.empty())
    return std::nullopt;
  return parse_host_port(text).map([](host_port&& address) { return std::optional{std::move(address)}; });
}

/// Addresses of others, with commas between them. Empty: none.
checked<std::vector<host_port>> parse_join_list(std::string_view text) {
  std::vector<host_port> out;
  while (!text.empty()) {
    auto comma = text.find(',');
    auto address = parse_host_port(text.substr(0, comma));
    if (!address)
      return tl::unexpected<std::string>(std::move(address).error());
    if (address->port == 0)
      return tl::unexpected<std::string>(fmt::format(
        "\"{}\" has port 0, which is nobody's; give the cluster port of another node", to_text(*address)));
    out.push_back(*std::move(address));
    if (comma == std::string_view::npos)
      break;
    text.remove_prefix(comma + 1);
    if (text.empty())
      return tl::unexpected<std::string>("an address is missing behind the last comma");
  }
  return out;
}

std::string show_join_list(const settings& from) {
  std::string out;
  for (auto& address : from.cluster.join)
    out += (out.empty() ? "" : ",") + to_text(address);
  return out;
}

template <auto Member>
constexpr serve_option udp_receiver(std::string_view name, std::string_view help) {
  return {
    name,
    "Metrics",
    "HOST:PORT",
    help,
    [](settings& s, std::string_view text) { return put(parse_optional_address(text), s.metrics.*Member); },
    [](const settings& s) { return s.metrics.*Member ? to_text(*(s.metrics.*Member)) : std::string{}; }};
}

const serve_option table[]{
  address<&settings::http>("http", "serve HTTP here; port 0 is any free one"),
  address<&settings::rpc>("rpc", "serve MessagePack-RPC here; port 0 is any free one"),
  access_file<&access_settings::tokens>("tokens",
                                        "ask HTTP clients for a token, one of this file; no RPC then"),
  {"rpc-open", "Access", "", "serve MessagePack-RPC to everybody although there are tokens: it knows none",
   [](settings& s, std::string_view text) { return put(parse_switch(text), s.access.rpc_open); },
   [](const settings& s) { return std::string{s.access.rpc_open ? "true" : "false"}; }},
  access_file<&access_settings::certificate>("tls-cert",
                                             "serve HTTP over TLS alone, with this certificate (PEM)"),
  access_file<&access_settings::key>("tls-key", "its key"),
  {"data-dir", "Storage", "DIR", "keep messages here; made if its parent is there",
   [](settings& s, std::string_view text) -> checked<void> {
     if (text.empty())
       return tl::unexpected<std::string>("it is empty; give a directory, or --memory to keep nothing");
     s.disk.directory = text;
     return {};
   },
   [](const settings& s) { return s.disk.directory; }},
  {"memory", "Storage", "", "keep all in memory instead: faster, and lost at the end",
   [](settings& s, std::string_view text) { return put(parse_switch(text), s.memory); },
   [](const settings& s) { return std::string{s.memory ? "true" : "false"}; }},
  bytes_of_disk<&disk_settings::memory_bytes>(
    "memory-limit", "what messages may take before pushes get 507; by default half of the machine's"),
  bytes_of_disk<&disk_settings::limit_bytes>(
    "disk-limit", "what the directory may take before pushes get 507; by default all but the reserve"),
  bytes_of_disk<&disk_settings::reserve_bytes>(
    "disk-reserve", "free space below which pushes get 507; by default 1 GiB, or 5 % if that is less"),
  {"threads", "Node", "N", "I/O threads, which also run the queues; by default the cores less one",
   [](settings& s, std::string_view text) {
     return put(parse_whole(text, {1, settings_limits::threads_max}), s.threads);
   },
   [](const settings& s) { return fmt::format("{}", s.threads); }},
  {"name", "Node", "NODE", "this node, unique in its cluster; by default lmq@ and the machine's name",
   [](settings& s, std::string_view text) { return put(parse_node_name(text), s.name); },
   [](const settings& s) { return s.name; }},
  {"log-level", "Node", "LEVEL", "what standard error gets: debug, info, warn, error or off",
   [](settings& s, std::string_view text) { return put(parse_log_level(text), s.level); },
   [](const settings& s) { return std::string{to_text(s.level)}; }},
  {"log-format", "Node", "FORMAT", "how its lines look: text, or json for programs",
   [](settings& s, std::string_view text) { return put(parse_log_form(text), s.form); },
   [](const settings& s) { return std::string{to_text(s.form)}; }},
  {"cluster", "Cluster", "HOST:PORT",
   "link with other nodes here, where they reach this one; none: no cluster",
   [](settings& s, std::string_view text) { return put(parse_optional_address(text), s.cluster.address); },
   [](const settings& s) { return s.cluster.address ? to_text(*s.cluster.address) : std::string{}; }},
  {"join", "Cluster", "HOST:PORT",
   "cluster port of another node, tried until it works; may be given several times",
   [](settings& s, std::string_view text) { return put(parse_join_list(text), s.cluster.join); },
   show_join_list, option_count::list},
  {"min-copies", "Cluster", "N", "nodes that must be in view, this one included; with fewer, pushes get 503",
   [](settings& s, std::string_view text) {
     return put(parse_whole(text, {1, settings_limits::min_copies_max}), s.cluster.min_copies);
   },
   [](const settings& s) { return fmt::format("{}", s.cluster.min_copies); }},
  tls_file<&cluster_settings::tls_cert>("cluster-tls-cert", "this node's certificate; see lmq cert --help"),
  tls_file<&cluster_settings::tls_key>("cluster-tls-key", "its key"),
  tls_file<&cluster_settings::tls_ca>("cluster-tls-ca", "the certificate of the cluster's authority"),
  {"cluster-insecure", "Cluster", "",
   "allow a cluster port beyond loopback without TLS: on a private network only",
   [](settings& s, std::string_view text) { return put(parse_switch(text), s.cluster.insecure); },
   [](const settings& s) { return std::string{s.cluster.insecure ? "true" : "false"}; }},
  {"metrics-totals-only", "Metrics", "", "GET /metrics tells of all queues together, not of each",
   [](settings& s, std::string_view text) { return put(parse_switch(text), s.metrics.totals_only); },
   [](const settings& s) { return std::string{s.metrics.totals_only ? "true" : "false"}; }},
  udp_receiver<&metrics_settings::statsd>("statsd", "send figures of each queue to this StatsD, over UDP"),
  udp_receiver<&metrics_settings::influxdb>("influxdb",
                                            "send them to this InfluxDB, over UDP in line protocol"),
  {"stats-interval", "Metrics", "SECONDS", "between two such datagrams about a queue",
   [](settings& s, std::string_view text) { return put(parse_seconds(text), s.metrics.interval); },
   [](const settings& s) { return seconds_to_text(s.metrics.interval); }},
  bytes<&gateway_limits::header_bytes_max>("header-bytes-max",
                                           "of a request's line and headers; more is answered with 431"),
  bytes<&gateway_limits::body_bytes_max>("body-bytes-max", "of a request's body; more is answered with 413"),
  time<&gateway_limits::header_timeout>("header-timeout",
                                        "from a request's first byte to the end of its headers; then 408"),
  time<&gateway_limits::idle_timeout>("idle-timeout",
                                      "without a request, until it is closed; a waiting pull is a request"),
  time<&gateway_limits::body_timeout>("body-timeout",
                                      "in which each further 4 KiB of a body must come; else 408"),
  {"connections-max", "Limits of the server", "N",
   "connections open at a time; further ones are answered with 503 and closed",
   [](settings& s, std::string_view text) {
     return put(parse_whole(text, {1, settings_limits::connections_max}), s.limits.connections_max);
   },
   [](const settings& s) { return fmt::format("{}", s.limits.connections_max); }},
  {"waiters-max", "Limits of the server", "N",
   "pulls that wait, on all connections together; further ones are answered with 503",
   [](settings& s, std::string_view text) {
     return put(parse_whole(text, {1, settings_limits::waiters_max}), s.limits.waiters_max);
   },
   [](const settings& s) { return fmt::format("{}", s.limits.waiters_max); }},
  {"queues-max", "Limits of the server", "N",
   "queues that clients may make; what would make another is answered with 507",
   [](settings& s, std::string_view text) {
     return put(parse_whole(text, {1, settings_limits::queues_max}), s.queues_max);
   },
   [](const settings& s) { return fmt::format("{}", s.queues_max); }},
};

} // namespace

std::span<const serve_option> serve_options() {
  return table;
}

std::string environment_name(std::string_view option) {
  std::string out = "LMQ_";
  std::transform(option.begin(), option.end(), std::back_inserter(out),
                 [](char c) { return c == '-' ? '_' : static_cast<char>(c - 'a' + 'A'); });
  return out;
}

std::vector<given_setting> settings_in_environment(const char* (*get)(const char* name)) {
  std::vector<given_setting> out;
  for (auto& option : table) {
    auto name = environment_name(option.name);
    if (const auto* value = get(name.c_str()); value != nullptr && *value != '\0')
      out.push_back({std::string{option.name}, value, name});
  }
  return out;
}

checked<void> override_settings(settings& into, const std::vector<given_setting>& given) {
  for (auto& setting : given) {
    auto option = std::find_if(std::begin(table), std::end(table),
                               [&](const serve_option& other) { return other.name == setting.key; });
    if (option == std::end(table))
      return tl::unexpected<std::string>(
        fmt::format("{}: there is no such setting; lmq serve --help lists them", setting.place));
    if (auto done = option->set(into, setting.value); !done)
      return tl::unexpected<std::string>(fmt::format("{}: {}", setting.place, done.error()));
  }
  return {};
}

} // namespace lmq
