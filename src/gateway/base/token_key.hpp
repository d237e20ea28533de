// A key that tokens are signed with. The kind of key decides the algorithm, never the token.
#pragma once

#include <openssl/evp.h>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::gateway {

using PublicKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

class TokenKey {
public:
    // A key for HS256. `id` is its kid, empty if it has none.
    static TokenKey from_secret(std::string secret, std::string id = {});
    // A key for RS256, ES256 or EdDSA, as it is one of RSA, P-256 or Ed25519; nothing if it is another, or too short.
    static std::optional<TokenKey> from_public(PublicKey key, std::string id = {});

    std::string_view algorithm() const { return algorithm_; }
    const std::string& id() const { return id_; }
    // True if this key has signed the text.
    bool verify(std::string_view text, std::string_view signature) const;

private:
    TokenKey(std::string_view algorithm, std::string id) : algorithm_(algorithm), id_(std::move(id)) {}

    std::string_view algorithm_;  // as a token's header names it
    std::string id_;
    std::string secret_;                      // of HS256
    std::shared_ptr<EVP_PKEY> public_key_{};  // of the others
};

using TokenKeys = std::vector<TokenKey>;

// Secrets are at least so long: RFC 7518 section 3.2.
inline constexpr std::size_t shortest_secret = 32;

}  // namespace eryxon::gateway
