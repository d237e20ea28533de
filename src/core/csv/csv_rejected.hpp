// Files of rejected lines: what was wrong and the original columns, ready to be corrected and imported again.
#pragma once

#include "core/base/core.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace eryxon::core {

// A line that failed, as it stood in its file.
struct RejectedLine {
    std::int64_t line;
    std::string_view text;
    std::string_view code;
    std::string_view message;
};

// The file, with the delimiter of the original. `header` is the original's first line; empty if it had none: columns
// have numbers then. What a spreadsheet would take for a formula gets an apostrophe, which an import takes away again.
std::string rejected_csv(std::string_view header, char delimiter, std::span<const RejectedLine> lines);

}  // namespace eryxon::core
