// Where the records of a CSV file begin, and what parts their cells.
#include "core/csv/csv_layout.hpp"

#include "core/csv/csv_heading.hpp"
#include "core/csv/csv_rejected.hpp"

#include <algorithm>
#include <tuple>

namespace eryxon::core {

namespace {

// How much of a file is looked at, and in how much of it the header is looked for.
constexpr std::size_t sample_bytes = 1 << 18, sample_records = 200, header_records = 20;
constexpr std::string_view delimiters = ",;\t|";

// The first lines of a text; whole ones, unless it has but one.
std::string_view beginning(std::string_view text) {
    if (text.size() <= sample_bytes) return text;
    std::size_t const end = text.rfind('\n', sample_bytes);
    return text.substr(0, end == std::string_view::npos ? sample_bytes : end + 1);
}

// The delimiter that a line like `sep=;` names, which a spreadsheet may have put into quotes or filled with empty
// cells; NUL if it is no such line.
char named_delimiter(std::string_view text) {
    std::string_view line = text.substr(0, text.find_first_of("\r\n"));
    if (line.size() > 1 && line.front() == '"') line = line.substr(1, line.find('"', 1) - 1);
    if (line.size() < 5 || plain_heading(line.substr(0, 3)) != "sep" || line[3] != '=') return '\0';
    std::string_view const named = line.substr(4);
    bool const one = named.find_first_not_of(named.front()) == std::string_view::npos;
    return one && delimiters.find(named.front()) != std::string_view::npos ? named.front() : '\0';
}

std::size_t known_headings(const Entity& entity, const CsvRow& row) {
    return static_cast<std::size_t>(std::count_if(
        row.cells.begin(), row.cells.end(), [&](const std::string& cell) { return is_known_heading(entity, cell); }));
}

std::size_t filled_cells(const CsvRow& row) {
    return static_cast<std::size_t>(
        std::count_if(row.cells.begin(), row.cells.end(), [](const std::string& cell) { return !cell.empty(); }));
}

// How well a delimiter splits the text: how many headings mean something, how many of a hundred records have as many
// cells as the header, and how many cells these are.
std::tuple<std::size_t, std::size_t, std::size_t> merit(const Entity& entity, std::string_view text, CsvLayout layout) {
    std::vector<CsvRow> const rows = first_rows(text, layout);
    if (rows.empty()) return {};
    const CsvRow& header = rows[find_header_row(entity, rows)];
    std::size_t const width = header.cells.size();
    if (width < 2) return {};
    std::size_t const alike = static_cast<std::size_t>(
        std::count_if(rows.begin(), rows.end(), [&](const CsvRow& row) { return row.cells.size() == width; }));
    return {known_headings(entity, header), 100 * alike / rows.size(), width};
}

char find_delimiter(const Entity& entity, std::string_view text, std::uint64_t skipped) {
    char best = ',';
    auto most = decltype(merit(entity, text, {})){};
    for (char const delimiter : delimiters)
        if (auto const found = merit(entity, text, {delimiter, skipped}); found > most) {
            most = found;
            best = delimiter;
        }
    return best;
}

}  // namespace

std::vector<CsvRow> first_rows(std::string_view text, CsvLayout layout) {
    std::vector<CsvRow> rows;
    CsvReader reader(beginning(text), layout.delimiter);
    CsvRecord record;
    reader.skip_lines(layout.skipped);
    try {
        while (rows.size() < sample_records && reader.next(record))
            if (!record.malformed) rows.push_back({record.line, {record.cells.begin(), record.cells.end()}});
    } catch (const CallError&) {
        // What is wrong behind these is told by the import.
    }
    return rows;
}

CsvLayout find_layout(const Entity& entity, std::string_view text, const CsvOptions& options) {
    char const named = named_delimiter(text);
    CsvLayout layout;
    if (!text.starts_with(rejected_columns[0]))
        layout.skipped = options.header_line.value_or(named != '\0' ? 2 : 1) - 1;
    layout.delimiter = options.delimiter != '\0'             ? options.delimiter
                       : named != '\0' && layout.skipped > 0 ? named
                                                             : find_delimiter(entity, text, layout.skipped);
    return layout;
}

std::size_t find_header_row(const Entity& entity, const std::vector<CsvRow>& rows) {
    std::size_t const end = std::min(rows.size(), header_records);
    std::size_t best = 0, known = end > 0 ? known_headings(entity, rows[0]) : 0, widest = 0;
    for (std::size_t i = 0; i < end; i++)
        widest = std::max(widest, filled_cells(rows[i]));
    for (std::size_t i = 1; i < end; i++)
        if (std::size_t const found = known_headings(entity, rows[i]); found > known && found > 1) {
            known = found;
            best = i;
        }
    if (known > 0 || end == 0 || widest < 3 || filled_cells(rows[0]) > 1) return best;
    while (filled_cells(rows[best]) < widest)
        best++;
    return best;
}

}  // namespace eryxon::core
