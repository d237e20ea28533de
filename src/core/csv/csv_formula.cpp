// Cells that a spreadsheet would take for formulas.
#include "core/csv/csv_formula.hpp"

namespace eryxon::core {

namespace {

// True if behind that many apostrophes at least comes what a formula begins with.
bool has_formula_behind(std::size_t apostrophes, std::string_view cell) {
    std::size_t const begin = cell.find_first_not_of('\'');
    return begin != std::string_view::npos && begin >= apostrophes &&
           std::string_view("=+-@\t\r\n").find(cell[begin]) != std::string_view::npos;
}

bool is_signed_number(std::string_view cell) {
    return cell.size() > 1 && (cell.front() == '-' || cell.front() == '+') &&
           cell.find_first_not_of("0123456789.,", 1) == std::string_view::npos;
}

}  // namespace

std::string kept_from_formula(std::string_view cell) {
    bool const formula = has_formula_behind(0, cell) && !is_signed_number(cell);
    return std::string(formula ? "'" : "").append(cell);
}

std::string_view without_apostrophe(std::string_view cell) {
    return has_formula_behind(1, cell) ? cell.substr(1) : cell;
}

}  // namespace eryxon::core
