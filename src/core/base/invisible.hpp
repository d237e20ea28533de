// White space and characters that cannot be seen, in UTF-8.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace eryxon::core {

// The text without white space at its ends.
std::string_view without_outer_space(std::string_view text);
// True if the text has nothing but white space and invisible characters.
bool is_blank(std::string_view text);
// The first character that cannot be seen and is no white space, as "U+200B"; controls, a tab among them, count.
std::optional<std::string> find_invisible(std::string_view text);

}  // namespace eryxon::core
