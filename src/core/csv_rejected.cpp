// Files of rejected lines.
#include "core/csv_rejected.hpp"

#include "core/csv_columns.hpp"
#include "core/csv_reader.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace eryxon::core {

namespace {

using Cells = std::vector<std::string>;

// The cells of a line; one that cannot be read is a cell as a whole.
Cells cells_of(std::string_view text, char delimiter) {
    CsvReader reader(text, delimiter);
    CsvRecord record;
    if (!reader.next(record) || record.malformed) return {std::string(text)};
    return {record.cells.begin(), record.cells.end()};
}

bool is_number(std::string_view cell) {
    return cell.size() > 1 && cell.find_first_not_of("0123456789.,", 1) == std::string_view::npos;
}

std::string kept_from_formula(std::string cell) {
    constexpr std::string_view signs = "=+-@\t\r";
    auto const begins = [&](std::string_view text) {
        return !text.empty() && signs.find(text.front()) != std::string_view::npos;
    };
    bool const formula = begins(cell) && !((cell.front() == '-' || cell.front() == '+') && is_number(cell));
    bool const kept_already = cell.starts_with('\'') && begins(std::string_view(cell).substr(1));
    return formula || kept_already ? "'" + cell : cell;
}

std::string quoted_cell(const std::string& cell, char delimiter) {
    bool const plain =
        cell.find_first_of("\"\r\n") == std::string::npos && cell.find(delimiter) == std::string::npos &&
        (cell.empty() || (cell.front() != ' ' && cell.front() != '\t' && cell.back() != ' ' && cell.back() != '\t'));
    if (plain) return cell;
    std::string out = "\"";
    for (char const c : cell) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + '"';
}

void append_line(std::initializer_list<std::string> own, std::span<const std::string> cells, char delimiter,
                 std::string& out) {
    bool first = true;
    auto const append = [&](const std::string& cell) {
        if (!std::exchange(first, false)) out += delimiter;
        out += quoted_cell(cell, delimiter);
    };
    std::for_each(own.begin(), own.end(), append);
    std::for_each(cells.begin(), cells.end(), append);
    out += "\r\n";
}

Cells numbered(std::size_t count) {
    Cells names;
    for (std::size_t i = 1; i <= count; i++)
        names.push_back(std::to_string(i));
    return names;
}

// True for the header of a file of rejected lines: its own columns are made anew.
bool is_rejected_header(const Cells& names) {
    return names.size() >= std::size(rejected_columns) &&
           std::equal(std::begin(rejected_columns), std::end(rejected_columns), names.begin());
}

}  // namespace

std::string rejected_csv(std::string_view header, char delimiter, std::span<const RejectedLine> lines) {
    Cells names = header.empty() ? Cells() : cells_of(header, delimiter);
    std::size_t const skipped = is_rejected_header(names) ? std::size(rejected_columns) : 0;
    std::string body;
    for (const RejectedLine& line : lines) {
        Cells cells = cells_of(line.text, delimiter);
        if (header.empty() && cells.size() > names.size()) names = numbered(cells.size());
        for (std::string& cell : cells)
            cell = kept_from_formula(std::move(cell));
        append_line({std::to_string(line.line), std::string(line.code), kept_from_formula(std::string(line.message))},
                    std::span(cells).subspan(std::min(skipped, cells.size())), delimiter, body);
    }
    std::string out;
    append_line({std::string(rejected_columns[0]), std::string(rejected_columns[1]), std::string(rejected_columns[2])},
                std::span(names).subspan(skipped), delimiter, out);
    return out + body;
}

}  // namespace eryxon::core
