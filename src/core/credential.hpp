// What an API key looks like, and where a request brings one; the same for the database and the gateway.
#pragma once

#include "core/core.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace eryxon::core {

// Characters by which keys are found and shown; the rest is secret.
inline constexpr std::size_t api_key_prefix = 12;

// True for what begins as a key does.
bool is_api_key(std::string_view text);

// The token of an Authorization header "Bearer <token>", whatever the scheme's case; empty for any other header.
std::string_view bearer_token(std::string_view authorization);

// The password of an Authorization header "Basic <base64 of user:password>"; nothing for any other header.
std::optional<std::string> basic_password(std::string_view authorization);

}  // namespace eryxon::core
