// Cells as the values that the engine reads. What is local about them is undone here, and only as the options say; what
// a cell then holds is for the engine to judge.
#pragma once

#include "core/csv/csv_options.hpp"
#include "core/schema/schema.hpp"

namespace eryxon::core {

// Makes of a cell the value for that column. One that does not fit the column's kind stays text, for the engine to
// refuse; a fault is what the engine would take for another value.
std::optional<Fault> read_cell(std::string_view cell, const Column& column, const CsvOptions& options, JsonArena& arena,
                               Json& value);

// True for the kinds whose cells have a decimal sign.
bool is_number(ValueKind kind);

// The date, with a time that may follow, in the order year, month, day. Years of two digits are those from 1970 to
// 2069. Empty if the text is no such date.
std::string iso_date(std::string_view text, DateOrder order);

// The date and time with hours from 0 to 23, where it has hours from 1 to 12 with AM or PM; else as it is.
std::string with_24_hours(std::string_view text);

// True or false of the words for it in English, Dutch and German, whatever their case; nothing for any other text.
std::optional<bool> boolean_word(std::string_view text);

}  // namespace eryxon::core
