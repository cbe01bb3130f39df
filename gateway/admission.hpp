// Whom a server lets in, and how it proves itself to them: what may change while it runs.
#pragma once

#include <memory>

namespace lmq {

class tls_identity;
class token_table;

/// Shared by the I/O threads, each of which has a copy of the handles.
struct admission_terms {
  std::shared_ptr<const token_table> tokens; ///< null: nobody is asked for a token
  std::shared_ptr<const tls_identity> tls;   ///< null: no TLS
};

} // namespace lmq
