// Reading base64 (RFC 4648, with padding).
#pragma once

#include "core/base/core.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace eryxon::core {

// The bytes, of which there is at least one; nothing for text that is not base64.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace eryxon::core
