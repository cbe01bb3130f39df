// Files of tokens: any text ends in a table with tokens in it, or in a complaint; nothing is never a token.
#include "gateway/access/token_file.hpp"

#include <cstdlib>

using namespace lmq;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  auto tokens = parse_tokens({reinterpret_cast<const char*>(data), size});
  if (!tokens && tokens.error().empty())
    std::abort();
  if (tokens && (tokens->size() == 0 || tokens->find("") != nullptr))
    std::abort();
  return 0;
}
