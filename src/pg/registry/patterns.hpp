// Regular expressions of rules, by the server's own engine.
#pragma once

#include <string_view>

namespace eryxon::pg {

// True if the text matches the PostgreSQL regular expression. The server keeps compiled expressions.
bool matches_pattern(std::string_view pattern, std::string_view text);

}  // namespace eryxon::pg
