// Files of rejected lines.
#include "core/csv/csv_rejected.hpp"

#include "core/csv/csv_formula.hpp"
#include "core/csv/csv_reader.hpp"

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

}  // namespace

std::string rejected_csv(std::string_view header, Delimiters delimiters, std::span<const RejectedLine> lines) {
    Cells const headings = header.empty() ? Cells() : cells_of(header, delimiters.original);
    bool const again = is_rejected_header(headings);
    // The original cells; what the file has of an earlier one is made anew.
    auto const original = [&](const Cells& cells) {
        Cells kept;
        for (std::size_t place = 0; place < cells.size(); place++)
            if (place >= headings.size() || !is_rejected_column(headings[place]))
                kept.push_back(kept_from_formula(again ? without_apostrophe(cells[place]) : cells[place]));
        return kept;
    };
    Cells names = original(headings);
    std::string body;
    for (const RejectedLine& line : lines) {
        Cells const cells = original(cells_of(line.text, delimiters.original));
        if (header.empty() && cells.size() > names.size()) names = numbered(cells.size());
        append_line({std::to_string(line.line), std::string(line.code), kept_from_formula(line.message)}, cells,
                    delimiters.written, body);
    }
    std::string out;
    append_line({std::string(rejected_columns[0]), std::string(rejected_columns[1]), std::string(rejected_columns[2])},
                names, delimiters.written, out);
    return out + body;
}

}  // namespace eryxon::core
