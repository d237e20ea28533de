// Signatures are checked by OpenSSL. What it complains about must not stay in its queue: libpq reads that too.
#include "gateway/base/token_key.hpp"

#include "gateway/base/signing.hpp"

#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <array>

namespace eryxon::gateway {

namespace {

constexpr std::string_view hs256 = "HS256", rs256 = "RS256", es256 = "ES256", eddsa = "EdDSA";
constexpr int shortest_rsa = 2048;      // bits
constexpr std::size_t es256_half = 32;  // bytes of r, and of s

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

// The name of the curve; empty if the key has none.
std::string_view curve_of(const EVP_PKEY* key, std::array<char, 64>& buffer) {
    std::size_t size = 0;
    if (EVP_PKEY_get_group_name(key, buffer.data(), buffer.size(), &size) != 1) return {};
    return {buffer.data(), size};
}

// The algorithm that the key is for; empty if there is none.
std::string_view algorithm_of(const EVP_PKEY* key) {
    std::array<char, 64> buffer{};
    switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_RSA:
            return EVP_PKEY_get_bits(key) >= shortest_rsa ? rs256 : "";
        case EVP_PKEY_EC:
            return curve_of(key, buffer) == "prime256v1" ? es256 : "";
        case EVP_PKEY_ED25519:
            return eddsa;
        default:
            return {};
    }
}

// The two numbers of an ES256 signature in the form that OpenSSL reads; empty if there are none.
std::string der_signature(std::string_view signature) {
    if (signature.size() != 2 * es256_half) return {};
    std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> const pair(ECDSA_SIG_new(), &ECDSA_SIG_free);
    BIGNUM* const r = BN_bin2bn(bytes(signature), es256_half, nullptr);
    BIGNUM* const s = BN_bin2bn(bytes(signature) + es256_half, es256_half, nullptr);
    if (!pair || ECDSA_SIG_set0(pair.get(), r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return {};
    }
    unsigned char* out = nullptr;
    int const size = i2d_ECDSA_SIG(pair.get(), &out);
    std::string const der = size > 0 ? std::string(reinterpret_cast<char*>(out), static_cast<std::size_t>(size)) : "";
    OPENSSL_free(out);
    return der;
}

bool verify_public(EVP_PKEY* key, const EVP_MD* digest, std::string_view text, std::string_view signature) {
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    bool const good =
        context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
        EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text), text.size()) == 1;
    ERR_clear_error();
    return good;
}

}  // namespace

TokenKey TokenKey::from_secret(std::string secret, std::string id) {
    TokenKey key(hs256, std::move(id));
    key.secret_ = std::move(secret);
    return key;
}

std::optional<TokenKey> TokenKey::from_public(PublicKey key, std::string id) {
    std::string_view const algorithm = key ? algorithm_of(key.get()) : std::string_view();
    ERR_clear_error();
    if (algorithm.empty()) return std::nullopt;
    TokenKey made(algorithm, std::move(id));
    made.public_key_ = std::move(key);
    return made;
}

bool TokenKey::verify(std::string_view text, std::string_view signature) const {
    if (algorithm_ == hs256) {
        std::string const expected = hmac_sha256(secret_, text);
        return signature.size() == expected.size() &&
               CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) == 0;
    }
    if (algorithm_ == es256) return verify_public(public_key_.get(), EVP_sha256(), text, der_signature(signature));
    return verify_public(public_key_.get(), algorithm_ == eddsa ? nullptr : EVP_sha256(), text, signature);
}

}  // namespace eryxon::gateway
