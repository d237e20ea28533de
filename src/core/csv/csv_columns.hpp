// The records that the lines of a CSV file make, and what is wrong with lines and with the file.
#pragma once

#include "core/csv/csv_mapping.hpp"
#include "core/csv/csv_reader.hpp"
#include "core/record/record.hpp"

#include <cstdint>
#include <span>

namespace eryxon::core {

// The columns that are read. Throws CallError (22023) as plan_columns() does.
class CsvColumns {
public:
    CsvColumns(const Entity& entity, std::span<const std::string_view> headings, const CsvOptions& options);

    // The record of a line as an object; only cells with something in them are members. Its characters live as long as
    // the arena, the object until the next one is made.
    Json record(const CsvRecord& line, JsonArena& arena);
    std::span<const CsvColumn> columns() const { return plan_.columns; }
    // What is wrong with the line itself: malformed, no record, too many cells, characters that no text has.
    std::optional<Fault> fault(const CsvRecord& line);
    // The warning of a line that looks as if quotes had swallowed others.
    std::optional<Warning> warning(const CsvRecord& line, char delimiter) const;
    // What is to be said of the lines that were made records, once for the file: columns that no record takes, and
    // numbers that can be read in two ways.
    std::vector<Warning> file_warnings() const;

private:
    std::string_view unquoted(std::string_view cell) const;
    std::string_view cell(const CsvColumn& column, const CsvRecord& line);
    std::optional<Json> value(const CsvColumn& column, const CsvRecord& line, JsonArena& arena);
    std::string_view joined(const CsvColumn& column, const CsvRecord& line);
    std::optional<Fault> line_fault(const CsvRecord& line) const;
    std::optional<Fault> cell_fault(const CsvColumn& column, std::string_view cell) const;
    void note(const CsvRecord& line);

    const CsvOptions& options_;
    std::vector<std::string> headings_;  // none without a header
    std::size_t count_;                  // of all columns
    bool corrected_;  // it is a file of rejected lines: cells that were kept from being formulas are put right
    CsvPlan plan_;
    std::vector<JsonMember> members_;
    std::string joined_;
    NumberSigns signs_;
};

// The warning of numbers that do not tell their decimal sign.
Warning number_sign_warning(const NumberSigns& signs);

}  // namespace eryxon::core
