// Signing with OpenSSL.
#include "token_maker.hpp"

#include "gateway/base/signing.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <memory>
#include <stdexcept>

namespace eryxon::gateway {

namespace {

const Signer& rsa_signer() {
    static const Signer signer = Signer::rsa();
    return signer;
}

using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

std::string text_of(const Memory& bio) {
    char* text = nullptr;
    long const size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

// A number of a public key, in base64url, in that many bytes or as few as it needs.
std::string number(const EVP_PKEY* key, const char* name, int size = 0) {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key, name, &value);
    std::string bytes(static_cast<std::size_t>(size > 0 ? size : BN_num_bytes(value)), '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    BN_free(value);
    return part(bytes);
}

// The two numbers of an ECDSA signature, one behind the other.
std::string raw_signature(const std::string& der) {
    auto const* at = reinterpret_cast<const unsigned char*>(der.data());
    std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> const pair(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), &ECDSA_SIG_free);
    std::string out(64, '\0');
    auto* const bytes = reinterpret_cast<unsigned char*>(out.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), bytes, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), bytes + 32, 32);
    return out;
}

}  // namespace

std::string Signer::public_pem() const {
    Memory const bio(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_PUBKEY(bio.get(), key_);
    return text_of(bio);
}

std::string Signer::private_pem() const {
    Memory const bio(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_PrivateKey(bio.get(), key_, nullptr, nullptr, 0, nullptr, nullptr);
    return text_of(bio);
}

std::string Signer::jwk(const std::string& more) const {
    std::string members;
    if (EVP_PKEY_get_base_id(key_) == EVP_PKEY_RSA) {
        members = R"("kty":"RSA","n":")" + number(key_, "n") + R"(","e":")" + number(key_, "e");
    } else if (EVP_PKEY_get_base_id(key_) == EVP_PKEY_EC) {
        members = R"("kty":"EC","crv":"P-256","x":")" + number(key_, "qx", 32) + R"(","y":")" + number(key_, "qy", 32);
    } else {
        std::string bytes(32, '\0');
        std::size_t size = bytes.size();
        EVP_PKEY_get_raw_public_key(key_, reinterpret_cast<unsigned char*>(bytes.data()), &size);
        members = R"("kty":"OKP","crv":"Ed25519","x":")" + part(bytes);
    }
    return '{' + members + '"' + more + '}';
}

std::string Signer::sign(const std::string& header, const std::string& claims) const {
    std::string const message = part(header) + '.' + part(claims);
    bool const ed25519 = EVP_PKEY_get_base_id(key_) == EVP_PKEY_ED25519;
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    auto const* bytes = reinterpret_cast<const unsigned char*>(message.data());
    std::string signature(1024, '\0');
    std::size_t size = signature.size();
    if (EVP_DigestSignInit(context.get(), nullptr, ed25519 ? nullptr : EVP_sha256(), nullptr, key_) != 1 ||
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                       message.size()) != 1)
        throw std::runtime_error("cannot sign");
    signature.resize(size);
    if (EVP_PKEY_get_base_id(key_) == EVP_PKEY_EC) signature = raw_signature(signature);
    return message + '.' + part(signature);
}

const std::string public_key = rsa_signer().public_pem();

std::string part(std::string_view text) {
    std::string out = base64(text);
    while (!out.empty() && out.back() == '=')
        out.pop_back();
    for (char& c : out)
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    return out;
}

std::string sign_hs256(const std::string& header, const std::string& claims, const std::string& key) {
    std::string const message = part(header) + '.' + part(claims);
    return message + '.' + part(hmac_sha256(key, message));
}

std::string hs256(const std::string& claims, const std::string& key) {
    return sign_hs256(R"({"alg":"HS256","typ":"JWT"})", claims, key);
}

std::string rs256(const std::string& claims) {
    return rsa_signer().sign(R"({"alg":"RS256","typ":"JWT"})", claims);
}

}  // namespace eryxon::gateway
