// UTF-8.
#pragma once

#include <string_view>

namespace eryxon::core {

// True if all bytes are of characters in UTF-8; a NUL byte is one.
bool is_utf8(std::string_view bytes);

}  // namespace eryxon::core
