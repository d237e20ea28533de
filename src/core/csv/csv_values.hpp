// Cells as the values that the engine reads. What is local about them is undone here, and only as the options say; what
// a cell then holds is for the engine to judge.
#pragma once

#include "core/csv/csv_options.hpp"
#include "core/schema/schema.hpp"

namespace eryxon::core {

// The value of a cell that is not empty, for a field of that kind. A cell that does not fit the kind stays text.
Json cell_value(std::string_view cell, ValueKind kind, const CsvOptions& options, JsonArena& arena);

// True for the kinds whose cells have a decimal sign.
bool is_number(ValueKind kind);

// The number with a decimal point, of one with a decimal comma: 1234.5 for "1234,5" and "1.234,5". Empty if the text is
// no such number; points may only stand between groups of three digits.
std::string number_with_point(std::string_view text);

// The date, with a time that may follow, in the order year, month, day. Empty if the text is no such date.
std::string iso_date(std::string_view text, DateOrder order);

// True or false of the words for it in English, Dutch and German, whatever their case; nothing for any other text.
std::optional<bool> boolean_word(std::string_view text);

}  // namespace eryxon::core
