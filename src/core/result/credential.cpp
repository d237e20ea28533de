// The form of API keys and of the header that carries tokens.
#include "core/result/credential.hpp"

#include "core/base/base64.hpp"
#include "core/json/canonical.hpp"

#include <algorithm>
#include <cctype>

namespace eryxon::core {

namespace {

// True if the header begins with these characters, given in lower case, whatever their case in it.
bool begins_with(std::string_view lower, std::string_view header) {
    const auto same = [](char expected, char sent) {
        return std::tolower(static_cast<unsigned char>(sent)) == expected;
    };
    return header.size() >= lower.size() && std::equal(lower.begin(), lower.end(), header.begin(), same);
}

// What follows the scheme, given in lower case with a blank, whatever its case in the header; empty for another scheme.
std::string_view after_scheme(std::string_view scheme, std::string_view authorization) {
    if (!begins_with(scheme, authorization)) return {};
    const std::size_t start = authorization.find_first_not_of(' ', scheme.size());
    return authorization.substr(std::min(start, authorization.size()));
}

}  // namespace

bool is_api_key(std::string_view text) {
    auto const in_alphabet = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    return (text.starts_with("ery_live_") || text.starts_with("ery_test_")) &&
           std::all_of(text.begin(), text.end(), in_alphabet);
}

KeyDigest key_digest(std::string_view key) {
    if (!is_api_key(key)) return {};
    return {std::string(key.substr(0, api_key_prefix)), sha256_hex(key)};
}

std::string to_text(const KeyDigest& digest) {
    return digest.prefix + ':' + digest.hash;
}

KeyDigest parse_key_digest(std::string_view text) {
    std::size_t const colon = text.find(':');
    if (colon == std::string_view::npos || !is_api_key(text.substr(0, colon))) return {};
    return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

bool is_bearer(std::string_view authorization) {
    return begins_with("bearer ", authorization) || (begins_with("bearer", authorization) && authorization.size() == 6);
}

std::string_view bearer_token(std::string_view authorization) {
    return after_scheme("bearer ", authorization);
}

std::optional<std::string> basic_password(std::string_view authorization) {
    std::optional<std::string> pair = decode_base64(after_scheme("basic ", authorization));
    const std::size_t colon = pair ? pair->find(':') : std::string::npos;
    if (colon == std::string::npos) return std::nullopt;
    return pair->substr(colon + 1);
}

}  // namespace eryxon::core
