// Cells that a spreadsheet would take for formulas, in files of rejected lines.
#pragma once

#include <string>
#include <string_view>

namespace eryxon::core {

// The cell with an apostrophe before it if a spreadsheet would take it for a formula, or if without_apostrophe() would
// change it: numbers with a sign stay as they are.
std::string kept_from_formula(std::string_view cell);

// The cell as it was before kept_from_formula().
std::string_view without_apostrophe(std::string_view cell);

}  // namespace eryxon::core
