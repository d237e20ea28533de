// The options of a CSV import that are not the engine's.
#pragma once

#include "core/json/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace eryxon::core {

// What becomes of lines of one file that have the same key.
enum class RepeatedKeys : std::uint8_t { warn, refuse, accept };

enum class DateOrder : std::uint8_t { iso, day_first, month_first };

struct CsvOptions {
    char delimiter = '\0';  // NUL: to be found
    std::string encoding;   // empty: to be found
    bool header = true;
    bool find_header = true;  // the option was not given; only an inspection looks for one then
    char decimal = '.';
    DateOrder dates = DateOrder::iso;
    RepeatedKeys repeated_keys = RepeatedKeys::warn;
    std::optional<std::string> null_token;
    std::optional<std::string> external_source;  // of records whose line names none
    // What a column's name (without a header its number) stands for; none: it is left out.
    std::vector<std::pair<std::string, std::optional<std::string>>> mapping;
};

// Takes the options of CSV out of an object and returns the others. Throws CallError INVALID_OPTION.
CsvOptions read_csv_options(const Json& options, JsonArena& arena, Json& others);

// "YYYY-MM-DD", "DD-MM-YYYY" or "MM/DD/YYYY".
std::string_view date_order_name(DateOrder order);

}  // namespace eryxon::core
