// HMAC and base64 are OpenSSL's.
#include "gateway/base/signing.hpp"

#include "core/base/base64.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <array>
#include <cstdio>
#include <stdexcept>

namespace eryxon::gateway {

namespace {

constexpr std::string_view secret_prefix = "whsec_";

}  // namespace

std::string secret_key(std::string_view secret) {
    if (!secret.starts_with(secret_prefix))
        throw std::invalid_argument("a secret of the webhook does not begin with whsec_");
    std::optional<std::string> key = core::decode_base64(secret.substr(secret_prefix.size()));
    if (!key) throw std::invalid_argument("a secret of the webhook is not base64");
    return *std::move(key);
}

std::string base64(std::string_view bytes) {
    std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // with the NUL that OpenSSL writes
    int const size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    out.resize(static_cast<std::size_t>(size));
    return out;
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size) == nullptr)
        throw std::runtime_error("HMAC-SHA256 failed");
    return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string webhook_signature(const std::vector<std::string>& keys, std::string_view id, std::int64_t timestamp,
                              std::string_view body) {
    std::string text(id), signatures;
    text.append(".").append(std::to_string(timestamp)).append(".").append(body);
    for (const std::string& key : keys) {
        if (!signatures.empty()) signatures.push_back(' ');
        signatures.append("v1,").append(base64(hmac_sha256(key, text)));
    }
    return signatures;
}

std::string eryxon_signature(std::string_view key, std::string_view body) {
    std::string const digest = hmac_sha256(key, body);
    std::string out = "sha256=";
    for (char const c : digest) {
        std::array<char, 3> digits{};
        std::snprintf(digits.data(), digits.size(), "%02x", static_cast<unsigned char>(c));
        out.append(digits.data());
    }
    return out;
}

}  // namespace eryxon::gateway
