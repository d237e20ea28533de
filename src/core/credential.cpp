// The form of API keys and of the header that carries tokens.
#include "core/credential.hpp"

#include <algorithm>
#include <cctype>

namespace eryxon::core {

bool is_api_key(std::string_view text) {
    return text.starts_with("ery_live_") || text.starts_with("ery_test_");
}

std::string_view bearer_token(std::string_view authorization) {
    constexpr std::string_view scheme = "bearer ";
    if (authorization.size() < scheme.size()) return {};
    const auto same = [](char lower, char sent) { return std::tolower(static_cast<unsigned char>(sent)) == lower; };
    if (!std::equal(scheme.begin(), scheme.end(), authorization.begin(), same)) return {};
    const std::size_t start = authorization.find_first_not_of(' ', scheme.size());
    return authorization.substr(std::min(start, authorization.size()));
}

}  // namespace eryxon::core
