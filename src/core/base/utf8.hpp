// UTF-8.
#pragma once

#include <cstddef>
#include <string_view>

namespace eryxon::core {

// True if all bytes are of characters in UTF-8; a NUL byte is one.
bool is_utf8(std::string_view bytes);
// The bytes of the character that begins at that place; 0 if none does.
std::size_t character_size(std::string_view bytes, std::size_t at);

}  // namespace eryxon::core
