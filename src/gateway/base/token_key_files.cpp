// A public key or a key set in the place of the secret would let everybody sign who has read it.
#include "gateway/base/token_key_files.hpp"

#include "core/base/base64.hpp"
#include "gateway/base/json_web_key.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <algorithm>
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

std::invalid_argument bad(const std::string& what) {
    return std::invalid_argument(what);
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file || path.empty()) throw bad("cannot read file \"" + path + "\"");
    return text.str();
}

void strip_line_break(std::string& text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.pop_back();
}

// The text from its first visible character on.
std::string_view skip_blanks(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    return text;
}

// True for the DER form of a public key or a certificate.
bool is_der(std::string_view bytes) {
    auto const size = static_cast<long>(bytes.size());
    auto const* at = reinterpret_cast<const unsigned char*>(bytes.data());
    PublicKey const key(d2i_PUBKEY(nullptr, &at, size), &EVP_PKEY_free);
    at = reinterpret_cast<const unsigned char*>(bytes.data());
    std::unique_ptr<X509, decltype(&X509_free)> const certificate(d2i_X509(nullptr, &at, size), &X509_free);
    ERR_clear_error();
    return key || certificate;
}

// True for DER in base64, as some providers show their keys.
bool is_bare_der(std::string_view text) {
    std::string packed(text);
    std::erase_if(packed, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
    std::optional<std::string> const bytes = core::decode_base64(packed);
    return bytes && is_der(*bytes);
}

// True for the name of a file, which PostgREST marks with a sign in front.
bool is_file_name(std::string_view text) {
    std::error_code ignored;
    return text.starts_with("@/") || (text.starts_with('/') && std::filesystem::exists(text, ignored));
}

bool begins_with_any(std::string_view text, std::initializer_list<std::string_view> beginnings) {
    return std::any_of(beginnings.begin(), beginnings.end(),
                       [&](std::string_view beginning) { return text.starts_with(beginning); });
}

// Throws for a secret that others may know.
void check_secret(std::string_view secret) {
    std::string_view const text = skip_blanks(secret);
    if (is_file_name(text)) throw bad("the HS256 secret is the name of a file; name it with --jwt-secret-file");
    if (begins_with_any(text, {"http://", "https://", "file://"})) throw bad("the HS256 secret is an address");
    if (text.find("-----BEGIN") != std::string_view::npos || begins_with_any(text, {"ssh-", "ecdsa-sha2-"}) ||
        is_der(secret) || is_bare_der(text))
        throw bad("the HS256 secret is a key in PEM, DER or SSH form; a public key goes to --jwt-public-key-file");
    if (secret.size() < shortest_secret)
        throw bad("the HS256 secret must have at least " + std::to_string(shortest_secret) + " bytes");
}

// The secrets of a text: itself, or those of JSON Web Keys.
TokenKeys read_secrets(const std::string& text) {
    std::string_view const visible = skip_blanks(text);
    if (is_key_set(visible)) return read_key_set(visible, KeyKind::secret);
    check_secret(text);
    return {TokenKey::from_secret(text)};
}

// All public keys in PEM.
TokenKeys read_pem(std::string_view text) {
    std::unique_ptr<BIO, decltype(&BIO_free)> const bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())),
                                                        &BIO_free);
    TokenKeys keys;
    while (EVP_PKEY* const found = PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr)) {
        std::optional<TokenKey> key = TokenKey::from_public({found, &EVP_PKEY_free});
        if (!key) throw bad("the key is none of RSA (2048 bits or more), P-256 or Ed25519");
        keys.push_back(*std::move(key));
    }
    ERR_clear_error();
    if (keys.empty()) throw bad("it holds no public key in PEM form, and no JSON Web Key");
    return keys;
}

// All public keys of a text.
TokenKeys read_public_keys(const std::string& text) {
    std::string_view const visible = skip_blanks(text);
    return is_key_set(visible) ? read_key_set(visible, KeyKind::open) : read_pem(visible);
}

// Adds the keys that `read` finds in the files.
template <class Read>
void add_files(TokenKeys& keys, const std::vector<std::string>& files, const char* flag, const Read& read) {
    for (const std::string& file : files) {
        try {
            TokenKeys found = read(read_file(file));
            std::move(found.begin(), found.end(), std::back_inserter(keys));
        } catch (const std::invalid_argument& error) {
            throw bad(std::string(flag) + " " + file + ": " + error.what());
        }
    }
}

}  // namespace

TokenKeys read_token_keys(const TokenKeySources& sources) {
    TokenKeys keys;
    if (!sources.secret.empty()) keys = read_secrets(sources.secret);
    add_files(keys, sources.secret_files, "--jwt-secret-file", [](std::string text) {
        strip_line_break(text);
        return read_secrets(text);
    });
    add_files(keys, sources.public_key_files, "--jwt-public-key-file", read_public_keys);
    return keys;
}

}  // namespace eryxon::gateway
