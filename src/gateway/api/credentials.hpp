// Who a request comes from, by what it brings: a token, an API key, or both. One that brings nothing is refused.
#pragma once

#include "gateway/api/token.hpp"
#include "gateway/base/failure.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace eryxon::gateway {

struct Credentials {
    enum class Kind { key, token };

    Kind kind = Kind::key;
    std::string role;     // the session's role for this request
    std::string claims;   // request.jwt.claims
    std::string api_key;  // for the header x-api-key, where there is one
    std::string secret;   // what the request was authenticated by; tells callers apart, never shown
};

// Reads Authorization (Bearer, or Basic with a key as password) and X-Api-Key; throws Failure 401.
Credentials read_credentials(const Request& request, TokenChecker& tokens, const std::string& anonymous_role,
                             std::int64_t now, Style style);

// How the access log names them: jwt, or key: and the key's first 12 characters.
std::string log_name(const Credentials& credentials);

}  // namespace eryxon::gateway
