#include "cluster/transport/tls_stream.hpp"

#include "cluster/transport/tls_context.hpp"

#include <algorithm>
#include <caf/io/abstract_broker.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/doorman_impl.hpp>
#include <caf/io/network/stream_impl.hpp>
#include <caf/io/scribe.hpp>
#include <caf/make_counted.hpp>
#include <csignal>
#include <deque>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace lmq {

namespace {

namespace network = caf::io::network;

/// Bytes handed to OpenSSL at once; between two of them the middleman turns to other connections.
constexpr std::size_t write_bytes_max = 256 * 1024;

// OpenSSL writes to a socket whose peer is gone without MSG_NOSIGNAL. A thread that blocks SIGPIPE has it
// pending, and nothing more.
void block_sigpipe() {
  static thread_local const bool blocked = [] {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    return pthread_sigmask(SIG_BLOCK, &pipe, nullptr) == 0;
  }();
  (void)blocked;
}

std::string address_of(int socket) {
  auto address = network::remote_addr_of_fd(socket);
  return address ? *address : "?";
}

class tls_scribe;

/// What CAF's stream reads and writes with.
struct tls_policy {
  tls_scribe* scribe;

  network::rw_state read_some(std::size_t& done, network::native_socket, void* buffer, std::size_t size);
  network::rw_state write_some(std::size_t& done, network::native_socket, const void* buffer,
                               std::size_t size);
  bool must_read_more(network::native_socket, std::size_t threshold);
};

class tls_scribe final : public caf::io::scribe {
public:
  tls_scribe(network::default_multiplexer& on, socket_handle socket, ssl_st* session,
             std::shared_ptr<tls_context> tls, std::shared_ptr<tls_outcome> outcome)
      : scribe(network::conn_hdl_from_socket(socket.get())),
        tls_(std::move(tls)),
        outcome_(std::move(outcome)),
        session_(session, SSL_free),
        from_(address_of(socket.get())),
        stream_(on, socket.release(), tls_policy{this}) {}

  // -- caf::io::scribe

  void configure_read(caf::io::receive_policy::config config) override {
    stream_.configure_read(config);
    if (launched_)
      return;
    launched_ = true;
    stream_.start(this);
    shake_hands(); // the side that dialled speaks first; a failure shows in the first read
  }

  void ack_writes(bool enable) override { stream_.ack_writes(enable); }
  std::vector<char>& wr_buf() override { return stream_.wr_buf(); }
  std::vector<char>& rd_buf() override { return stream_.rd_buf(); }

  void flush() override {
    // What is written earlier waits in the buffer: a stream that is asked to write before it can would ask
    // the kernel whether it may, and be told so, for ever.
    if (established_)
      stream_.flush(this);
  }

  void graceful_shutdown() override {
    stream_.graceful_shutdown();
    detach(&stream_.backend(), false);
  }

  std::string addr() const override { return from_; }
  std::uint16_t port() const override {
    auto port = network::remote_port_of_fd(stream_.fd());
    return port ? *port : std::uint16_t{0};
  }

  void add_to_loop() override { stream_.activate(this); }
  void remove_from_loop() override { stream_.passivate(); }

  // -- for the doorman

  /// Lives until the peer has proved itself, or the connection is gone.
  std::weak_ptr<tls_scribe*> unproved() const { return unproved_; }

  // -- for the stream

  network::rw_state read_some(std::size_t& done, void* buffer, std::size_t size) {
    done = 0;
    if (!established_ && !shake_hands())
      return network::rw_state::failure;
    if (!established_)
      return network::rw_state::success; // nothing to read yet
    return result_of(done, [&] { return SSL_read(session_.get(), buffer, at_most(size, size)); });
  }

  network::rw_state write_some(std::size_t& done, const void* buffer, std::size_t size) {
    done = 0;
    if (!established_ && !shake_hands())
      return network::rw_state::failure;
    if (size == 0)
      return network::rw_state::indeterminate; // leave the set of those that want to write
    if (!established_)
      return network::rw_state::success; // keep what is in the buffer
    return result_of(done, [&] { return SSL_write(session_.get(), buffer, at_most(size, write_bytes_max)); });
  }

  bool must_read_more(std::size_t threshold) {
    return established_ && static_cast<std::size_t>(SSL_pending(session_.get())) >= threshold;
  }

private:
  static int at_most(std::size_t size, std::size_t most) {
    return static_cast<int>(std::min({size, most, std::size_t{1} << 30}));
  }

  /// @returns false if it has failed
  bool shake_hands() {
    block_sigpipe();
    ERR_clear_error();
    auto done = SSL_do_handshake(session_.get());
    if (done == 1) {
      established_ = true;
      unproved_.reset();
      flush();
      return true;
    }
    switch (SSL_get_error(session_.get(), done)) {
    case SSL_ERROR_WANT_READ: return true;
    case SSL_ERROR_WANT_WRITE: stream_.force_empty_write(this); return true;
    default: return fail("the TLS handshake failed");
    }
  }

  template <class F>
  network::rw_state result_of(std::size_t& done, F call) {
    block_sigpipe();
    ERR_clear_error();
    auto n = call();
    if (n > 0) {
      done = static_cast<std::size_t>(n);
      return network::rw_state::success;
    }
    switch (SSL_get_error(session_.get(), n)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return network::rw_state::success;
    default: fail("the TLS connection ended"); return network::rw_state::failure;
    }
  }

  /// Who dialled is told by what it asked for; who was called logs it. In TLS 1.3 the side that dialled is
  /// through before the other has looked at its certificate, so a refusal may come in place of the first
  /// byte.
  bool fail(const char* what) {
    auto why = std::string{what} + ": " + take_openssl_reason();
    if (auto verdict = SSL_get_verify_result(session_.get()); verdict != X509_V_OK)
      why += std::string{", "} + X509_verify_cert_error_string(verdict);
    if (outcome_)
      outcome_->set(std::move(why));
    else if (!established_ && !failed_)
      tls_->log_refused(from_, why);
    failed_ = true;
    return false;
  }

  std::shared_ptr<tls_context> tls_;
  std::shared_ptr<tls_outcome> outcome_; ///< nullptr: we were called
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> session_;
  bool launched_ = false;
  bool established_ = false;
  bool failed_ = false;
  const std::string from_; ///< kept, because a socket whose peer is gone can't tell
  std::shared_ptr<tls_scribe*> unproved_ = std::make_shared<tls_scribe*>(this);
  network::stream_impl<tls_policy> stream_; // owns the socket
};

network::rw_state tls_policy::read_some(std::size_t& done, network::native_socket, void* buffer,
                                        std::size_t size) {
  return scribe->read_some(done, buffer, size);
}

network::rw_state tls_policy::write_some(std::size_t& done, network::native_socket, const void* buffer,
                                         std::size_t size) {
  return scribe->write_some(done, buffer, size);
}

bool tls_policy::must_read_more(network::native_socket, std::size_t threshold) {
  return scribe->must_read_more(threshold);
}

class tls_doorman final : public network::doorman_impl {
public:
  tls_doorman(network::default_multiplexer& on, socket_handle socket, std::shared_ptr<tls_context> tls)
      : doorman_impl(on, socket.release()), tls_(std::move(tls)) {}

  bool new_connection() override {
    socket_handle socket{acceptor_.accepted_socket()};
    if (detached())
      return false; // the port was closed while this event was on its way
    auto* session = tls_->new_session(socket.get(), true);
    if (session == nullptr)
      return true; // no memory for it; the socket closes
    network::keepalive(socket.get(), true);
    auto& on = acceptor_.backend();
    auto scribe = caf::make_counted<tls_scribe>(on, std::move(socket), session, tls_, nullptr);
    admit(scribe->unproved());
    auto handle = scribe->hdl();
    parent()->add_scribe(std::move(scribe));
    return doorman::new_connection(&on, handle);
  }

private:
  void admit(std::weak_ptr<tls_scribe*> one) {
    std::erase_if(unproved_, [](const auto& other) { return other.expired(); });
    if (unproved_.size() >= transport_limits::handshakes_max) {
      if (auto oldest = unproved_.front().lock()) {
        caf::intrusive_ptr<tls_scribe> scribe{*oldest};
        tls_->log_refused(scribe->addr(), "it said nothing while too many others came");
        scribe->detach(&acceptor_.backend(), true);
      }
      unproved_.pop_front();
    }
    unproved_.push_back(std::move(one));
  }

  std::shared_ptr<tls_context> tls_;
  std::deque<std::weak_ptr<tls_scribe*>> unproved_; ///< by age
};

} // namespace

caf::io::scribe_ptr make_tls_scribe(network::default_multiplexer& on, socket_handle socket,
                                    std::shared_ptr<tls_context> tls, std::shared_ptr<tls_outcome> outcome) {
  auto* session = tls->new_session(socket.get(), false);
  if (session == nullptr)
    return nullptr;
  network::keepalive(socket.get(), true);
  return caf::make_counted<tls_scribe>(on, std::move(socket), session, std::move(tls), std::move(outcome));
}

caf::io::doorman_ptr make_tls_doorman(network::default_multiplexer& on, socket_handle socket,
                                      std::shared_ptr<tls_context> tls) {
  return caf::make_counted<tls_doorman>(on, std::move(socket), std::move(tls));
}

} // namespace lmq
