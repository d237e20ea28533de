// What an API key looks like, and where a request brings one; the same for the database and the gateway.
#pragma once

#include "core/base/core.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace eryxon::core {

// Characters by which keys are found and shown; the rest is secret.
inline constexpr std::size_t api_key_prefix = 12;

// True for what begins as a key does.
bool is_api_key(std::string_view text);

// A key without the secret in it: by this a gateway tells the database which key it was sent.
struct KeyDigest {
    std::string prefix;  // the first characters; empty if the text is no key
    std::string hash;    // SHA-256 in hex
};

KeyDigest key_digest(std::string_view key);

// As one text, and back; a text that is none has no prefix.
std::string to_text(const KeyDigest& digest);
KeyDigest parse_key_digest(std::string_view text);

// The claim in which a gateway sends it.
inline constexpr std::string_view key_claim = "eryxon_key";

// True for an Authorization header of that scheme, with or without its token.
bool is_bearer(std::string_view authorization);

// The token of an Authorization header "Bearer <token>", whatever the scheme's case; empty for any other header.
std::string_view bearer_token(std::string_view authorization);

// The password of an Authorization header "Basic <base64 of user:password>"; nothing for any other header.
std::optional<std::string> basic_password(std::string_view authorization);

}  // namespace eryxon::core
