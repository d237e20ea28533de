// A public key or a key set in the place of the secret would let everybody sign who has read it.
#include "gateway/token_key_files.hpp"

#include "core/json.hpp"
#include "gateway/signing.hpp"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace eryxon::gateway {

namespace {

constexpr std::size_t shortest_secret = 32;  // bytes, as RFC 7518 section 3.2 demands for HS256
constexpr int shortest_rsa = 2048;           // bits

std::invalid_argument bad(const std::string& what) {
    return std::invalid_argument(what);
}

std::string read_file(const std::string& path, const char* flag) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file || path.empty()) throw bad(std::string(flag) + ": cannot read file \"" + path + "\"");
    return text.str();
}

void strip_line_break(std::string& text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.pop_back();
}

// True for the DER form of a public key or a certificate.
bool is_der(std::string_view bytes) {
    auto const size = static_cast<long>(bytes.size());
    auto const* at = reinterpret_cast<const unsigned char*>(bytes.data());
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> const key(d2i_PUBKEY(nullptr, &at, size), &EVP_PKEY_free);
    at = reinterpret_cast<const unsigned char*>(bytes.data());
    std::unique_ptr<X509, decltype(&X509_free)> const certificate(d2i_X509(nullptr, &at, size), &X509_free);
    return key || certificate;
}

// True for DER in base64, as some providers show their keys.
bool is_bare_der(std::string_view text) {
    std::string packed(text);
    std::erase_if(packed, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
    std::optional<std::string> const bytes = decode_base64(packed);
    return bytes && is_der(*bytes);
}

// True for the name of a file, which PostgREST marks with a sign in front.
bool is_file_name(std::string_view text) {
    std::error_code ignored;
    return text.starts_with("@/") || (text.starts_with('/') && std::filesystem::exists(text, ignored));
}

// True for a JSON Web Key, a set of them, or an array of them.
bool is_key_set(std::string_view text) {
    core::JsonArena arena;
    try {
        core::Json const value = core::parse_json(text, arena);
        if (value.is_object()) return value.find("kty") != nullptr || value.find("keys") != nullptr;
        return value.is_array() && std::any_of(value.items().begin(), value.items().end(), [](const core::Json& item) {
                   return item.is_object() && item.find("kty") != nullptr;
               });
    } catch (const core::CallError&) {
        return false;
    }
}

bool begins_with_any(std::string_view text, std::initializer_list<std::string_view> beginnings) {
    return std::any_of(beginnings.begin(), beginnings.end(),
                       [&](std::string_view beginning) { return text.starts_with(beginning); });
}

// Throws for a secret that is none.
void check_secret(std::string_view secret) {
    std::string_view text = secret;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    if (is_file_name(text)) throw bad("the HS256 secret is the name of a file; name it with --jwt-secret-file");
    if (begins_with_any(text, {"http://", "https://", "file://"})) throw bad("the HS256 secret is an address");
    if (text.find("-----BEGIN") != std::string_view::npos || begins_with_any(text, {"ssh-", "ecdsa-sha2-"}) ||
        is_der(secret) || is_bare_der(text))
        throw bad("the HS256 secret is a key in PEM, DER or SSH form; a public key goes to --jwt-public-key-file");
    if (is_key_set(text)) throw bad("the HS256 secret is a JSON Web Key or a set of them, not a secret");
    if (secret.size() < shortest_secret)
        throw bad("the HS256 secret must have at least " + std::to_string(shortest_secret) + " bytes");
}

}  // namespace

std::string read_secret(const std::string& file) {
    const char* const given = std::getenv("ERYXON_JWT_SECRET");
    std::string secret = given != nullptr ? given : "";
    if (secret.empty() && file.empty()) return {};
    if (!secret.empty() && !file.empty()) throw bad("ERYXON_JWT_SECRET and --jwt-secret-file are both given");
    if (!file.empty()) {
        secret = read_file(file, "--jwt-secret-file");
        strip_line_break(secret);
    }
    check_secret(secret);
    return secret;
}

std::string read_public_key(const std::string& file) {
    if (file.empty()) return {};
    std::string text = read_file(file, "--jwt-public-key-file");
    std::unique_ptr<BIO, decltype(&BIO_free)> const bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())),
                                                        &BIO_free);
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> const key(
        PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
    if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA)
        throw bad("--jwt-public-key-file: \"" + file + "\" holds no RSA public key in PEM form");
    if (EVP_PKEY_bits(key.get()) < shortest_rsa)
        throw bad("--jwt-public-key-file: the key must have at least " + std::to_string(shortest_rsa) + " bits");
    return text;
}

}  // namespace eryxon::gateway
