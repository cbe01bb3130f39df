// A socket as OpenSSL reads and writes it. OpenSSL's own writes in a way that raises SIGPIPE where the peer
// has gone.
#pragma once

struct bio_st;

namespace lmq {

/// @param socket  stays the caller's
/// @returns nullptr: memory has run out
bio_st* new_socket_bio(int socket);

} // namespace lmq
