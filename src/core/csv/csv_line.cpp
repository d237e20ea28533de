// Lines of a CSV file that are no records, and lines that look as if quotes had swallowed others.
#include "core/csv/csv_line.hpp"

#include "core/csv/csv_heading.hpp"
#include "core/csv/csv_synonyms.hpp"

#include <algorithm>
#include <cctype>

namespace eryxon::core {

namespace {

constexpr std::string_view sum_words =
    "total grandtotal subtotal sum totals totaal subtotaal eindtotaal summe summen gesamt gesamtsumme gesamtbetrag "
    "zwischensumme endsumme";
// Characters that a line is drawn with, of which it has at least so many.
constexpr std::string_view drawing = "-=_*+";
constexpr std::size_t shortest_drawing = 3;

// A file that was put together of others has their byte order marks, too.
std::string_view without_mark(std::string_view cell) {
    return cell.starts_with("\uFEFF") ? cell.substr(3) : cell;
}

bool repeats(const CsvRecord& line, std::span<const std::string> headings) {
    if (headings.empty() || line.cells.size() != headings.size()) return false;
    return without_mark(line.cells.front()) == headings.front() &&
           std::equal(line.cells.begin() + 1, line.cells.end(), headings.begin() + 1);
}

bool is_drawn(const CsvRecord& line) {
    std::size_t drawn = 0;
    for (std::string_view const cell : line.cells) {
        if (cell.find_first_not_of(drawing) != std::string_view::npos) return false;
        drawn += cell.size();
    }
    return drawn >= shortest_drawing;
}

std::size_t lines_with(std::string_view cell, char delimiter, std::size_t count) {
    std::size_t found = 0;
    for (std::size_t at = cell.find('\n'); at != std::string_view::npos; at = cell.find('\n', at + 1)) {
        std::string_view const line = cell.substr(at + 1, cell.find('\n', at + 1) - at - 1);
        found += static_cast<std::size_t>(std::count(line.begin(), line.end(), delimiter)) == count;
    }
    return found;
}

}  // namespace

std::optional<Fault> decoration_fault(const CsvRecord& line, std::span<const std::string> headings) {
    if (repeats(line, headings)) return make_fault(Code::invalid_payload, "", Reason::repeated_header);
    if (is_drawn(line)) return make_fault(Code::invalid_payload, "", Reason::separator_line);
    return std::nullopt;
}

std::optional<Fault> sum_fault(std::string_view key) {
    constexpr std::string_view rest = " :=.0123456789";
    std::size_t const last = key.find_last_not_of(rest);
    bool const word = last != std::string_view::npos && std::isalpha(static_cast<unsigned char>(key[last])) != 0;
    if (!word || !has_word(sum_words, plain_heading(key.substr(0, last + 1)))) return std::nullopt;
    return make_fault(Code::invalid_payload, "external_id", Reason::sum_line, {{"value", Json::string(key)}},
                      "Leave the line out of the file if it sums up others.");
}

std::size_t swallowed_lines(const CsvRecord& line, char delimiter, std::size_t width) {
    std::size_t lines = 0;
    if (width < 2 || line.text.find('\n') == std::string_view::npos) return 0;
    for (std::string_view const cell : line.cells)
        lines += lines_with(cell, delimiter, width - 1);
    return lines;
}

}  // namespace eryxon::core
