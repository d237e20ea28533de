// Any bytes as a CSV file: no crash, lines that rise, records that can be read again from a file of rejected lines, and
// an inspection that is JSON.
#include "core/base/utf8.hpp"
#include "core/csv/csv_columns.hpp"
#include "core/csv/csv_encoding.hpp"
#include "core/csv/csv_inspect.hpp"
#include "core/csv/csv_reader.hpp"
#include "core/csv/csv_rejected.hpp"
#include "core/csv/csv_values.hpp"
#include "input.hpp"
#include "shop_schema.hpp"

#include <array>
#include <string>
#include <vector>

using namespace eryxon;

namespace {

constexpr std::array<char, 4> delimiters = {',', ';', '\t', '|'};
constexpr std::array<std::string_view, 5> entities = {"jobs", "parts", "operations", "cells", "resources"};

struct Line {
    std::uint64_t line;
    std::string text;
    std::vector<std::string> cells;
    bool malformed;
};

std::vector<Line> read_all(std::string_view text, char delimiter) {
    std::vector<Line> lines;
    core::CsvReader reader(text, delimiter);
    core::CsvRecord record;
    while (reader.next(record)) {
        require(lines.empty() || record.line > lines.back().line, "lines rise");
        require(record.malformed == record.cells.empty(), "a record has cells unless it is malformed");
        require(record.text.size() <= text.size(), "a record's text is part of the file");
        lines.push_back(
            {record.line, std::string(record.text), {record.cells.begin(), record.cells.end()}, record.malformed});
    }
    return lines;
}

// What was rejected comes back cell by cell.
void check_rejected(const std::vector<Line>& lines, char delimiter) {
    std::vector<core::RejectedLine> rejected;
    for (const Line& line : lines)
        if (&line != &lines.front())
            rejected.push_back({static_cast<std::int64_t>(line.line), line.text, "CODE", "message"});
    std::string const file = core::rejected_csv(lines.front().text, {delimiter, delimiter}, rejected);
    std::vector<Line> const again = read_all(file, delimiter);
    require(again.size() == lines.size(), "a file of rejected lines has as many records");
    for (const Line& line : again)
        require(!line.malformed && line.cells.size() >= 3, "a file of rejected lines can be read");
}

// A cell as a column of each kind reads it.
void check_cell(std::string_view cell, const core::CsvOptions& options, core::JsonArena& arena) {
    core::Column column;
    column.element = std::make_shared<core::Column>();
    for (int kind = 0; kind <= static_cast<int>(core::ValueKind::other); kind++) {
        column.kind = static_cast<core::ValueKind>(kind);
        core::Json value;
        bool const read = !core::read_cell(cell, column, options, arena, value);
        require(read || value.is_string(), "what is no value stays text");
    }
}

void check_records(std::string_view text, const core::Entity& entity, char delimiter) {
    core::JsonArena arena;
    core::CsvOptions options;
    options.delimiter = delimiter;
    options.number = {',', '.'};
    options.dates = core::DateOrder::day_first;
    core::CsvReader reader(text, delimiter);
    core::CsvRecord record;
    if (!reader.next(record)) return;
    core::CsvColumns columns(entity, record.cells, options);
    while (reader.next(record)) {
        if (!columns.fault(record)) require(columns.record(record, arena).is_object(), "a line is a record");
        for (std::string_view const cell : record.cells)
            check_cell(cell, options, arena);
    }
    require(core::inspect_csv(entity, text, {}, {}, arena).is_object(), "an inspection is an object");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    char const delimiter = delimiters[data[0] % delimiters.size()];
    std::string_view const text = text_of(data + 1, size - 1);
    try {
        std::vector<Line> const lines = read_all(text, delimiter);
        if (!lines.empty() && !lines.front().malformed) check_rejected(lines, delimiter);
        core::find_encoding(text);
        require(core::is_utf8(core::with_replacements(text)), "what is mended is UTF-8");
        check_records(text, *test::shop_schema().find(entities[data[0] / delimiters.size() % entities.size()]),
                      delimiter);
    } catch (const core::CallError&) {
        // Not a CSV file, or none of this entity.
    }
    return 0;
}
