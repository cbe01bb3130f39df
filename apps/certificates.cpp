#include "apps/certificates.hpp"

#include "apps/output.hpp"
#include "apps/read_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <tuple>
#include <utility>

namespace lmq {

namespace {

constexpr mode_t for_all = 0644;
constexpr mode_t for_owner = 0600;
constexpr mode_t folder_for_owner = 0700;

/// More than any certificate or key has.
constexpr std::size_t file_bytes_max = std::size_t{1} << 20;

template <class... Ts>
tl::unexpected<std::string> wrong(fmt::format_string<Ts...> sentence, Ts&&... values) {
  return tl::unexpected<std::string>(fmt::format(sentence, std::forward<Ts>(values)...));
}

/// Where a certificate and its key lie.
struct pair_paths {
  std::string certificate, key;
};

pair_paths paths_of(const std::string& dir, const std::string& name) {
  auto stem = dir == "." ? name : dir + (dir.ends_with('/') ? "" : "/") + name;
  return {stem + ".pem", stem + "-key.pem"};
}

checked<std::string> read_pem(const std::string& path) {
  return read_file(path, file_bytes_max,
                   fmt::format("can't read {}: it is too large for a certificate", path));
}

checked<void> write_new(const std::string& path, std::string_view text, mode_t mode) {
  auto fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0)
    return errno == EEXIST
             ? wrong("{} is there already and is not overwritten; move it away, or choose another --dir",
                     path)
             : wrong("can't write {}: {}", path, std::strerror(errno));
  while (!text.empty()) {
    auto count = write(fd, text.data(), text.size());
    if (count < 0)
      break;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  auto failed = !text.empty() || fsync(fd) != 0;
  auto why = errno;
  close(fd);
  if (!failed)
    return {};
  unlink(path.c_str());
  return wrong("can't write {}: {}", path, std::strerror(why));
}

/// Both, or none.
checked<void> write_pair(const pem_pair& pair, const pair_paths& to) {
  if (auto done = write_new(to.key, pair.key, for_owner); !done)
    return done;
  auto done = write_new(to.certificate, pair.certificate, for_all);
  if (!done)
    unlink(to.key.c_str());
  return done;
}

checked<std::string> make_authority(const certificate_wanted& what) {
  if (mkdir(what.dir.c_str(), folder_for_owner) != 0 && errno != EEXIST)
    return wrong("can't make {}: {}", what.dir, std::strerror(errno));
  auto paths = paths_of(what.dir, "ca");
  auto made = make_authority_pem(what.days);
  if (!made)
    return tl::unexpected<std::string>(std::move(made).error());
  if (auto done = write_pair(*made, paths); !done)
    return tl::unexpected<std::string>(std::move(done).error());
  return fmt::format("made {}: an authority, good until {}; of a cluster, every node gets a copy; of HTTPS, "
                     "every client\n"
                     "made {}: its key; whoever has it can make members of that cluster, or servers that "
                     "those clients trust, so keep it off the nodes\n"
                     "use it for one of the two alone\n"
                     "next, for each node: lmq cert node NAME{}\n",
                     paths.certificate, good_until(made->certificate), paths.key,
                     what.dir == "." ? "" : " --dir " + what.dir);
}

checked<std::string> make_node(const certificate_wanted& what) {
  auto authority_paths = paths_of(what.dir, "ca");
  auto certificate = read_pem(authority_paths.certificate);
  auto key = certificate ? read_pem(authority_paths.key) : certificate;
  if (!key)
    return wrong("{}; make an authority first with lmq cert init, or say where it is with --dir",
                 key.error());
  auto made = make_node_pem({*std::move(certificate), *std::move(key)}, what.node, what.days, what.more);
  if (!made)
    return wrong("{}: {}; make a new one with lmq cert init in another --dir", authority_paths.certificate,
                 made.error());
  auto paths = paths_of(what.dir, what.node);
  if (auto done = write_pair(*made, paths); !done)
    return tl::unexpected<std::string>(std::move(done).error());
  return fmt::format(
    "made {}: the certificate of node {}{}, good until {}\n"
    "made {}: its key, for that node alone\n"
    "start the node with a copy of them and of {}, and these options:\n"
    "  --cluster-tls-cert {} --cluster-tls-key {} --cluster-tls-ca {}\n"
    "or, where the authority is the one that clients trust, without the latter and with these:\n"
    "  --tls-cert {} --tls-key {}\n",
    paths.certificate, what.node, what.more.empty() ? "" : fmt::format(" ({})", fmt::join(what.more, ", ")),
    good_until(made->certificate), paths.key, authority_paths.certificate, paths.certificate, paths.key,
    authority_paths.certificate, paths.certificate, paths.key);
}

} // namespace

namespace {

bool is_plain_name(std::string_view text, std::size_t bytes_max) {
  auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  auto taken = [&](char c) { return plain(c) || c == '.' || c == '_' || c == '@' || c == '-'; };
  return !text.empty() && text.size() <= bytes_max && plain(text.front()) &&
         std::all_of(text.begin(), text.end(), taken);
}

} // namespace

checked<std::string> parse_certificate_name(std::string_view text) {
  if (!is_plain_name(text, x509_limits::name_bytes_max) && !is_address(std::string{text}))
    return wrong(
      "\"{}\" can't name a certificate's files; it has 1 to {} letters, digits and . _ @ -, and begins "
      "with a letter or a digit, or is an address",
      text, x509_limits::name_bytes_max);
  if (text == "ca" || text.ends_with("-key"))
    return wrong("\"{}\" would name its files like those of another certificate; choose another name", text);
  return std::string{text};
}

checked<std::string> parse_further_name(std::string_view text) {
  if (!is_plain_name(text, x509_limits::host_name_bytes_max) && !is_address(std::string{text}))
    return wrong(
      "\"{}\" is no name of a host and no address; write 1 to {} letters, digits and . _ @ -, or an "
      "address like 192.0.2.1 or 2001:db8::1, without brackets",
      text, x509_limits::host_name_bytes_max);
  return std::string{text};
}

exit_code make_certificates(const certificate_wanted& what, std::FILE* out, std::FILE* err) {
  auto made = what.node.empty() ? make_authority(what) : make_node(what);
  if (!made) {
    std::fputs(("lmq: " + made.error() + "\n").c_str(), err);
    return exit_code::usage;
  }
  if (auto written = write_out(out, *made); !written) {
    std::fputs(("lmq: " + written.error() + "\n").c_str(), err);
    return exit_code::refused;
  }
  return exit_code::done;
}

checked<void> check_tls_files(const tls_paths& files) {
  pem_pair node;
  std::string authorities;
  const std::array<std::tuple<std::string_view, const std::string*, std::string*>, 3> all{
    {{"cluster-tls-cert", &files.cert, &node.certificate},
     {"cluster-tls-key", &files.key, &node.key},
     {"cluster-tls-ca", &files.ca, &authorities}}};
  for (auto& [option, path, into] : all) {
    auto text = read_pem(*path);
    if (!text)
      return wrong("{}: {}; name a PEM file, as lmq cert makes them", option, text.error());
    *into = *std::move(text);
  }
  if (auto fits = check_chain(node, authorities); !fits)
    return wrong("cluster-tls-cert: {}; lmq cert node NAME makes a certificate and key that fit its ca.pem",
                 fits.error());
  return {};
}

} // namespace lmq
