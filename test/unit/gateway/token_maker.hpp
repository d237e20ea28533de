// Makes signed tokens for tests, with keys that are made for the run.
#pragma once

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string>
#include <string_view>

namespace eryxon::gateway {

inline const std::string secret = "a secret of exactly 32 bytes len";

// A pair of keys for RS256, ES256 or EdDSA.
class Signer {
public:
    explicit Signer(EVP_PKEY* key) : key_(key) {}
    ~Signer() { EVP_PKEY_free(key_); }
    Signer(const Signer&) = delete;
    Signer& operator=(const Signer&) = delete;

    static Signer rsa(unsigned bits = 2048) { return Signer(EVP_RSA_gen(bits)); }
    static Signer ec(const char* curve = "P-256") { return Signer(EVP_EC_gen(curve)); }
    static Signer ed25519() { return Signer(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }

    std::string public_pem() const;
    std::string private_pem() const;
    // The public key as JSON Web Key; `more` is put before its closing brace.
    std::string jwk(const std::string& more = "") const;
    std::string sign(const std::string& header, const std::string& claims) const;

private:
    EVP_PKEY* key_;
};

extern const std::string public_key;  // PEM, of the key that rs256() signs with

// One part of a token in base64url.
std::string part(std::string_view text);
std::string sign_hs256(const std::string& header, const std::string& claims, const std::string& key);
std::string hs256(const std::string& claims, const std::string& key = secret);
std::string rs256(const std::string& claims);

}  // namespace eryxon::gateway
