// Lines of a CSV file that are no records, and lines that look as if quotes had swallowed others.
#pragma once

#include "core/csv/csv_reader.hpp"
#include "core/json/fault_reason.hpp"

#include <optional>
#include <span>
#include <string>

namespace eryxon::core {

// The fault of a line that repeats the header, of which there may be none, or that draws one: "-----,-----".
std::optional<Fault> decoration_fault(const CsvRecord& line, std::span<const std::string> headings);

// The fault of a key that says that the line sums up others: "Total", "Summe:".
std::optional<Fault> sum_fault(std::string_view key);

// How many lines in the record's cells have as many delimiters as a record: a quote that is not doubled joins lines,
// and no rule of CSV is broken.
std::size_t swallowed_lines(const CsvRecord& line, char delimiter, std::size_t width);

}  // namespace eryxon::core
