// Links between nodes: frames of bytes to peers that are known by name, over CAF's remoting (BASP).
//
// Holds a door, an actor that listens at the node's cluster port and keeps the links; it runs on the event
// loop's threads beside the middleman's own. Owned by the wiring of the node, which starts it once the actor
// system runs and drops it before the system goes. One *owner*, the node actor, hears what happens.
//
// A link is two ordered streams of frames between two incarnations of nodes. It begins when each has heard
// the other's hello and ends when the connection is lost, or a frame is found missing: `link_lost`, and
// `link_connected` when it stands again. What was sent over a link that is lost may have arrived or not.
//
// Plain BASP trusts whoever connects: it is for loopback and private networks. With TLS whoever has no
// certificate of the cluster's authority is refused in the handshake; there is no check of host names.
#pragma once

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace lmq {

/// PEM files.
struct tls_files {
  std::string certificate; ///< ours, and those between it and the authority
  std::string key;         ///< ours, without a passphrase
  std::string authority;   ///< whose certificates are peers
};

/// Bounds of the transport itself; they are the same for all nodes.
struct transport_limits {
  /// The bytes of a frame; a longer one is not sent. CAF would take up to 4 GiB, and wait for all of it.
  static constexpr std::size_t frame_bytes_max = 1 << 20;

  /// How long an attempt at a connection may take, and then the hello.
  static constexpr std::chrono::milliseconds dial_timeout{1000};
  static constexpr std::chrono::milliseconds hello_timeout{1000};

  /// Pauses between attempts at one address: the first, doubled up to the last; each a fifth longer or
  /// shorter, so that two nodes that dial each other don't go on doing it at the same instant.
  static constexpr std::chrono::milliseconds redial_first{100};
  static constexpr std::chrono::milliseconds redial_last{1000};

  /// BASP's own heartbeats: a connection that was silent for so long is closed, so that after a cut no side
  /// waits for TCP to give up, which takes a quarter of an hour.
  static constexpr std::chrono::milliseconds heartbeat{500};
  static constexpr std::chrono::milliseconds silence{2000};

  /// TLS connections that have not proved themselves; the oldest goes when there are more.
  static constexpr std::size_t handshakes_max = 64;

  static constexpr std::size_t name_length_max = 255;
};

struct transport_options {
  std::string node;              ///< its name, unique in the cluster
  std::uint64_t incarnation = 0; ///< see `random_incarnation`
  std::string host;              ///< where to listen; the others reach it by the same name
  std::uint16_t port = 0;        ///< 0: any
  std::uint16_t version_min = 1; ///< of what the frames hold; the greatest that both speak is used
  std::uint16_t version_max = 1;
  std::optional<tls_files> tls;
};

/// The other end of a link.
struct transport_peer {
  std::string name;
  std::uint64_t incarnation = 0;
  std::string host; ///< where it listens
  std::uint16_t port = 0;
  std::uint16_t version = 0; ///< agreed upon
};

using transport_peer_ptr = std::shared_ptr<const transport_peer>;

/// Sends over one link. Copies send over the same; all of them belong to the owner's actor, and none may
/// outlive the actor system.
class peer_link {
public:
  peer_link() = default;

  /// For the door.
  peer_link(caf::actor from, caf::actor to, std::uint64_t incarnation, std::uint64_t session);

  /// Sends and forgets: what is sent arrives in order while the link stands, and vanishes without a word once
  /// it is lost. There is no back-pressure: what the peer does not take stays in memory.
  ///
  /// @param frame  at most `transport_limits::frame_bytes_max`: more is a bug
  void send(std::string frame) const;

  explicit operator bool() const noexcept { return state_ != nullptr; }

private:
  struct state;
  std::shared_ptr<state> state_;
};

// -- what the owner hears

/// A link stands; frames may come and go. First event of a link.
struct link_connected {
  transport_peer_ptr peer;
  peer_link link;
};

/// It stands no more. What keeps the address is dialled again at once.
struct link_lost {
  transport_peer_ptr peer;
};

struct frame_received {
  transport_peer_ptr peer;
  std::string frame;
};

/// An attempt at an address that is kept has failed; it will be tried again.
struct dial_failed {
  std::string host;
  std::uint16_t port = 0;
  std::string peer;     ///< whose address it is, or was at the last link; empty: not known
  bool refused = false; ///< by the system there: nobody listens; false: no answer, no way, no such name
  std::string why;      ///< a sentence
};

/// Somebody is there, but one of us does not want the other. Told once until the reason changes, also in the
/// log.
struct peer_rejected {
  std::string host; ///< which was dialled, or where a peer that called says that it listens
  std::uint16_t port = 0;
  std::string peer; ///< empty: not known
  std::string why;  ///< a sentence
};

using transport_owner = caf::typed_actor< //
  caf::reacts_to<link_connected>,         //
  caf::reacts_to<link_lost>,              //
  caf::reacts_to<frame_received>,         //
  caf::reacts_to<dial_failed>,            //
  caf::reacts_to<peer_rejected>>;

// -- starting and stopping

/// Loads what `transport::start` needs. Before the actor system is made.
///
/// Gives the system a random node id of CAF: by itself CAF derives it from network cards and the process id,
/// which are the same in the first container of each of two hosts, and such two could never talk.
void install_transport(caf::actor_system_config& config);

/// Says which addresses to dial. Any thread; the owner may have it in a message, and drops it before the
/// actor system goes. Calls after the transport's stop do nothing.
class transport_dialer {
public:
  transport_dialer() = default;

  /// For the transport.
  explicit transport_dialer(caf::actor door) : door_(std::move(door)) {}

  /// Keeps a link to whoever listens there: dials until it stands, and again when it is lost. Twice is once.
  /// The own address is found out by dialling, told of (`peer_rejected`) and left alone.
  void keep(const std::string& host, std::uint16_t port) const;

  /// Dials there no more. A link that stands stays until it is lost.
  void forget(const std::string& host, std::uint16_t port) const;

private:
  caf::actor door_;
};

class transport {
public:
  /// Listens, and takes links from now on.
  ///
  /// @param system  made with `install_transport` and `install_coordinator`
  /// Errors: a sentence: the address can't be listened at, a TLS file can't be used
  static tl::expected<transport, std::string> start(caf::actor_system& system, const transport_options& with,
                                                    transport_owner owner);

  transport(transport&&) noexcept = default;
  transport& operator=(transport&&) = delete;

  /// Stops, if `stop` has not.
  ~transport();

  /// Where it listens.
  std::uint16_t port() const noexcept { return port_; }

  /// Says which addresses to dial.
  transport_dialer dialer() const { return transport_dialer{door_}; }

  /// Closes the port and ends the door; the peers lose their links, the owner hears nothing more. Does not
  /// wait: the actor system's end does. The owner drops its `peer_link`s itself.
  void stop();

private:
  transport(caf::actor door, std::uint16_t port) : door_(std::move(door)), port_(port) {}

  caf::actor door_; ///< null once stopped
  std::uint16_t port_ = 0;
};

} // namespace lmq

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::transport_dialer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::link_connected)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::link_lost)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::frame_received)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::dial_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::peer_rejected)
