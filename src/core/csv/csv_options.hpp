// The options of a CSV import that are not the engine's.
#pragma once

#include "core/csv/csv_number.hpp"
#include "core/json/json.hpp"
#include "core/record/options.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace eryxon::core {

// What becomes of lines of one file that have the same key.
enum class RepeatedKeys : std::uint8_t { warn, refuse, accept };

enum class DateOrder : std::uint8_t { iso, day_first, month_first };

// A part of what is joined: a text, or the cell of a column.
struct CsvPiece {
    std::string text;
    bool is_column;
};

// A field that is made of several columns, or of none.
struct CsvMade {
    std::string field;
    std::vector<CsvPiece> pieces;
};

// A column, by its name or without a header its number, and the fields that it is for; none: it is left out.
struct CsvMapped {
    std::string column;
    std::vector<std::string> fields;
};

struct CsvOptions {
    char delimiter = '\0';  // NUL: to be found
    std::string encoding;   // empty: to be found
    bool header = true;
    bool find_header = true;                   // the option was not given; only an inspection looks for one then
    std::optional<std::uint64_t> header_line;  // physical, from 1
    NumberFormat number;
    bool find_grouping = true;  // the option was not given: points with a decimal comma, else nothing
    bool find_decimal = true;   // the option was not given: what can be read in two ways is told of
    DateOrder dates = DateOrder::iso;
    RepeatedKeys repeated_keys = RepeatedKeys::warn;
    std::optional<std::string> null_token;
    std::optional<std::string> external_source;  // of records whose line names none
    std::vector<CsvMapped> mapping;
    std::vector<CsvMade> made;
    bool only_mapped = false;                            // columns that the mapping does not name are left out
    UnknownFields unknown_fields = UnknownFields::warn;  // the engine's option, too
};

// Takes the options of CSV out of an object and returns the others. Throws CallError INVALID_OPTION.
CsvOptions read_csv_options(const Json& options, JsonArena& arena, Json& others);

// The sign that an option `delimiter` names. Throws CallError INVALID_OPTION.
char read_delimiter(const Json& value);

// "YYYY-MM-DD", "DD-MM-YYYY" or "MM/DD/YYYY".
std::string_view date_order_name(DateOrder order);

}  // namespace eryxon::core
