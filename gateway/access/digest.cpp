#include "gateway/access/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstring>
#include <memory>
#include <new>

namespace lmq {

namespace {

/// The algorithm is looked up once a thread; to look it up for each text takes longer than to run it.
struct sha256 {
  std::unique_ptr<EVP_MD, void (*)(EVP_MD*)> algorithm{EVP_MD_fetch(nullptr, "SHA256", nullptr),
                                                       &EVP_MD_free};
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> state{EVP_MD_CTX_new(), &EVP_MD_CTX_free};

  sha256() {
    if (!algorithm || !state || EVP_DigestInit_ex2(state.get(), algorithm.get(), nullptr) != 1)
      throw std::bad_alloc{};
  }
};

} // namespace

token_digest digest_of(std::string_view token) {
  thread_local sha256 here;
  token_digest out{};
  // A digest that failed must not look like one: no memory is the only reason there is.
  if (EVP_DigestInit_ex2(here.state.get(), nullptr, nullptr) != 1 ||
      EVP_DigestUpdate(here.state.get(), token.data(), token.size()) != 1 ||
      EVP_DigestFinal_ex(here.state.get(), out.data(), nullptr) != 1)
    throw std::bad_alloc{};
  return out;
}

bool equal(const token_digest& a, const token_digest& b) noexcept {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<token_digest> parse_digest(std::string_view hex) noexcept {
  token_digest out{};
  if (hex.size() != 2 * out.size())
    return std::nullopt;
  for (std::size_t i = 0; i < hex.size(); ++i) {
    char c = hex[i];
    unsigned value = 0;
    if (c >= '0' && c <= '9')
      value = static_cast<unsigned>(c - '0');
    else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
      value = static_cast<unsigned>((c | 0x20) - 'a') + 10;
    else
      return std::nullopt;
    out[i / 2] = static_cast<std::uint8_t>(out[i / 2] << 4 | value);
  }
  return out;
}

std::size_t digest_hash::operator()(const token_digest& d) const noexcept {
  std::size_t out = 0;
  std::memcpy(&out, d.data(), sizeof out);
  return out;
}

} // namespace lmq
