// How offending values and names are shown in faults: quoted, shortened, always valid UTF-8 and valid JSON.
#pragma once

#include "core/json/json.hpp"

#include <string>
#include <string_view>

namespace eryxon::core {

// Characters of a value that a fault shows, in its message and beside it.
inline constexpr std::size_t shown_in_message = 80;
inline constexpr std::size_t shown_in_value = 200;

// The text, cut after `limit` bytes at the end of a character ("..." is added then).
std::string shorten(std::string_view text, std::size_t limit);
// The value as it stands in a message: strings in quotes, numbers bare, arrays and objects by their kind.
std::string quoted(const Json& value);
std::string quoted(std::string_view text);
// The value as JSON text; a long one as a JSON string of its beginning.
std::string shown_value(const Json& value);
// "null", "a boolean", "an array" ...
std::string_view type_phrase(JsonType type);

}  // namespace eryxon::core
