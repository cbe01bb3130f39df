// The server's end of TLS on one connection: reads and writes through a socket that does not block.
//
// Says what it waits for and leaves the waiting to whoever holds it, a connection, on its thread. The socket
// is not its own. Until a peer has begun a handshake it costs nothing but itself.
#pragma once

#include <cstddef>
#include <memory>

struct ssl_st;

namespace lmq {

class tls_identity;

enum class tls_progress {
  done,
  wants_read,  ///< go on when there is something to read
  wants_write, ///< go on when the peer has taken some of what is written
  ended,       ///< the peer sends no more
  plain,       ///< of a handshake: the peer speaks plain text, and nothing it sent has been read
  failed,      ///< the peer breaks the rules, or is gone
};

struct tls_transfer {
  tls_progress how = tls_progress::failed;
  std::size_t bytes = 0; ///< of plain text; above 0 if it is done
};

class tls_channel {
public:
  /// Plain text that is encrypted at a time.
  static constexpr std::size_t record_bytes_max = 16 * 1024;

  /// @param socket  outlives it
  tls_channel(std::shared_ptr<const tls_identity> identity, int socket) noexcept;
  ~tls_channel();

  tls_channel(const tls_channel&) = delete;
  tls_channel& operator=(const tls_channel&) = delete;

  /// Begins, or goes on. Errors: std::bad_alloc
  tls_progress shake_hands();

  /// The handshake is done.
  bool open() const noexcept { return open_; }

  // -- once it is open

  /// @param room  at least 1
  tls_transfer read(char* into, std::size_t room);

  /// @param size  at least 1; what was not done is written again with the same bytes, and as many at least
  tls_transfer write(const char* bytes, std::size_t size);

  /// What was read of the socket has not all been given out; no event of the socket will tell of it.
  bool has_more() const noexcept;

  /// Says that nothing more is sent, where that can be said.
  void end() noexcept;

private:
  tls_progress first_look() const noexcept;
  tls_progress why_not(int result) noexcept;

  std::shared_ptr<const tls_identity> identity_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> session_;
  int socket_;
  bool open_ = false;
  bool starved_ = false; ///< what is there is no whole record
  bool broken_ = false;  ///< nothing more may be asked of OpenSSL
};

} // namespace lmq
