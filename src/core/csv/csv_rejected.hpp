// Files of rejected lines: what was wrong and the original columns, ready to be corrected and imported again.
#pragma once

#include "core/base/core.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

namespace eryxon::core {

// Columns that a file of rejected lines has before the original ones; an import leaves them out, wherever they are.
inline constexpr std::string_view rejected_columns[] = {"eryxon_line", "eryxon_code", "eryxon_message"};

inline bool is_rejected_column(std::string_view heading) {
    return std::find(std::begin(rejected_columns), std::end(rejected_columns), heading) != std::end(rejected_columns);
}

// True for the header of such a file: it is one in any case, and apostrophes before formulas are not part of its cells.
template <class Headings>
bool is_rejected_header(const Headings& headings) {
    return std::any_of(std::begin(headings), std::end(headings), is_rejected_column);
}

// A line that failed, as it stood in its file.
struct RejectedLine {
    std::int64_t line;
    std::string_view text;
    std::string_view code;
    std::string_view message;
};

// What parts the cells of the original file, and of the one that is written.
struct Delimiters {
    char original;
    char written;
};

// The file. `header` is the original's first line; empty if it had none: columns have numbers then. What a spreadsheet
// would take for a formula gets an apostrophe, which an import takes away again.
std::string rejected_csv(std::string_view header, Delimiters delimiters, std::span<const RejectedLine> lines);

}  // namespace eryxon::core
