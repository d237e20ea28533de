// The encoding of tokens and of the keys in JSON (RFC 7515, without padding).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace eryxon::gateway {

// The bytes; nothing for text that is not base64url.
std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace eryxon::gateway
