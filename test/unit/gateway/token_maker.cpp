// Signing with OpenSSL.
#include "token_maker.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <array>
#include <memory>
#include <stdexcept>
#include <vector>

namespace eryxon::gateway {

namespace {

EVP_PKEY* rsa_key() {
    static const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(2048), &EVP_PKEY_free);
    return key.get();
}

std::string public_pem() {
    std::unique_ptr<BIO, decltype(&BIO_free)> const bio(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_PUBKEY(bio.get(), rsa_key());
    char* text = nullptr;
    long const size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

}  // namespace

const std::string public_key = public_pem();

std::string part(std::string_view text) {
    std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
    int const size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    out.resize(static_cast<std::size_t>(size));
    while (!out.empty() && out.back() == '=')
        out.pop_back();
    for (char& c : out)
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    return out;
}

std::string sign_hs256(const std::string& header, const std::string& claims, const std::string& key) {
    std::string const message = part(header) + '.' + part(claims);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(message.data()),
         message.size(), digest.data(), &size);
    return message + '.' + part({reinterpret_cast<char*>(digest.data()), size});
}

std::string hs256(const std::string& claims, const std::string& key) {
    return sign_hs256(R"({"alg":"HS256","typ":"JWT"})", claims, key);
}

std::string rs256(const std::string& claims) {
    std::string const message = part(R"({"alg":"RS256","typ":"JWT"})") + '.' + part(claims);
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    auto const* bytes = reinterpret_cast<const unsigned char*>(message.data());
    std::size_t size = 0;
    if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, rsa_key()) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, bytes, message.size()) != 1)
        throw std::runtime_error("cannot sign");
    std::string signature(size, '\0');
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                       message.size()) != 1)
        throw std::runtime_error("cannot sign");
    return message + '.' + part({signature.data(), size});
}

}  // namespace eryxon::gateway
