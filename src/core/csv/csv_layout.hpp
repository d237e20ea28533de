// Where the records of a CSV file begin, and what parts their cells.
#pragma once

#include "core/csv/csv_options.hpp"
#include "core/csv/csv_reader.hpp"
#include "core/schema/schema.hpp"

#include <string>
#include <vector>

namespace eryxon::core {

struct CsvLayout {
    char delimiter = ',';
    std::uint64_t skipped = 0;  // physical lines before the header, or without one before the first record
};

// A record at the beginning of a file.
struct CsvRow {
    std::uint64_t line;
    std::vector<std::string> cells;
};

// The first records behind that many physical lines; as many as can be read.
std::vector<CsvRow> first_rows(std::string_view text, CsvLayout layout);

// As the options say it. Else a first line like "sep=;" is skipped, and gives the delimiter, which is found otherwise:
// it is the one that yields most headings that mean something, then the same number of cells in most lines, then most
// cells. A file of rejected lines begins with its header, whatever was said of the original.
CsvLayout find_layout(const Entity& entity, std::string_view text, const CsvOptions& options);

// The row, of the first ones, that is the header: the first one, unless a later one has more headings that mean
// something, or stands below titles that have but one cell.
std::size_t find_header_row(const Entity& entity, const std::vector<CsvRow>& rows);

}  // namespace eryxon::core
