// Which members of a record the columns of a CSV file make.
#pragma once

#include "core/csv/csv_options.hpp"
#include "core/json/fault_reason.hpp"
#include "core/schema/schema.hpp"

#include <span>
#include <string>
#include <vector>

namespace eryxon::core {

// A member of the records, and what it is made of: one cell, or cells and texts that are joined.
struct CsvColumn {
    std::string name;
    const Field* field = nullptr;  // that it gives a value to; null if none
    ValueKind kind = ValueKind::text;
    std::size_t place = 0;              // among the cells
    std::vector<CsvPiece> pieces{};     // if there are any, in place of the cell
    std::vector<std::size_t> places{};  // of the cells in them
};

// A column that no record takes, which is told once for the file.
struct CsvIgnored {
    std::string name;
    std::size_t place;
    std::string_view code;  // of the warning
    Reason reason;
    std::int64_t lines = 0;  // with something in that cell
};

struct CsvPlan {
    std::vector<CsvColumn> columns;  // in canonical order of their names
    std::vector<CsvIgnored> ignored;
};

// The members that each column is for: what the mapping says; else what its heading means, of synonyms only where no
// other column has the field; else its heading, of which the engine says what it thinks. Without a header only what is
// mapped.
std::vector<std::vector<std::string>> meant_members(const Entity& entity, std::span<const std::string_view> headings,
                                                    const CsvOptions& options);

// What is read of a file with these headings; without a header they are "1", "2" ... Throws CallError (22023) if two
// columns are the same field, if the mapping names unknown columns, or if no column is a field.
CsvPlan plan_columns(const Entity& entity, std::span<const std::string_view> headings, const CsvOptions& options);

}  // namespace eryxon::core
