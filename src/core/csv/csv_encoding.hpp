// Which encoding the bytes of a CSV file are in, and what to do with bytes that it does not have.
#pragma once

#include <string>
#include <string_view>

namespace eryxon::core {

// Throws CallError (22023) for what is no text in any encoding: workbooks of spreadsheets, UTF-16.
void refuse_other_formats(std::string_view bytes);

// "UTF8" or "WIN1252", as PostgreSQL names them. A file with a byte order mark or with any character in UTF-8 is UTF-8:
// what else is in it is damage, and none of its lines may be read in another way for that.
std::string_view find_encoding(std::string_view bytes);

// The text with U+FFFD for each byte that is no UTF-8: unreadable_character() finds its line.
std::string with_replacements(std::string_view bytes);

// The line of the first byte that Windows-1252 does not have; 0 if there is none.
std::size_t undefined_in_windows_1252(std::string_view bytes);

// The first character that no text has, as it stands in the cell: U+FFFD or a C1 control. Empty if there is none.
std::string_view unreadable_character(std::string_view cell);

}  // namespace eryxon::core
