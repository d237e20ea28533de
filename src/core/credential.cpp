// The form of API keys and of the header that carries tokens.
#include "core/credential.hpp"

#include "core/base64.hpp"

#include <algorithm>
#include <cctype>

namespace eryxon::core {

namespace {

// What follows the scheme, given in lower case with a blank, whatever its case in the header; empty for another scheme.
std::string_view after_scheme(std::string_view scheme, std::string_view authorization) {
    if (authorization.size() < scheme.size()) return {};
    const auto same = [](char lower, char sent) { return std::tolower(static_cast<unsigned char>(sent)) == lower; };
    if (!std::equal(scheme.begin(), scheme.end(), authorization.begin(), same)) return {};
    const std::size_t start = authorization.find_first_not_of(' ', scheme.size());
    return authorization.substr(std::min(start, authorization.size()));
}

}  // namespace

bool is_api_key(std::string_view text) {
    return text.starts_with("ery_live_") || text.starts_with("ery_test_");
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
