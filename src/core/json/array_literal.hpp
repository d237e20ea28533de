// PostgreSQL's own form of an array: {a,"b c"}.
#pragma once

#include "core/json/json.hpp"

#include <optional>
#include <string_view>

namespace eryxon::core {

// The elements, as strings; nothing if the text is no such array of one dimension.
std::optional<Json> parse_array_literal(std::string_view text, JsonArena& arena);

}  // namespace eryxon::core
