// What the columns of a CSV file are for, and the records that its lines make.
#pragma once

#include "core/csv/csv_options.hpp"
#include "core/csv/csv_reader.hpp"
#include "core/record/record.hpp"

#include <algorithm>
#include <span>

namespace eryxon::core {

// Columns that a file of rejected lines has before the original ones; an import leaves them out, wherever they are.
inline constexpr std::string_view rejected_columns[] = {"eryxon_line", "eryxon_code", "eryxon_message"};

inline bool is_rejected_column(std::string_view heading) {
    return std::find(std::begin(rejected_columns), std::end(rejected_columns), heading) != std::end(rejected_columns);
}

// True for the header of such a file: it is one in any case, and apostrophes before formulas are not part of its cells.
template <class Headings>
bool is_rejected_header(const Headings& headings) {
    return std::any_of(std::begin(headings), std::end(headings), is_rejected_column);
}

struct CsvColumn {
    std::string name;              // of the record's member; empty = left out
    const Field* field = nullptr;  // that it gives a value to; null if none
    std::size_t place = 0;         // among the cells
};

// The name of a record's member that a column's heading means: a field, an alias or a form of a reference, written in
// any case, with blanks, "_" and "-" where one likes; empty if it means none.
std::string_view match_heading(const Entity& entity, std::string_view heading);

// The field's own name for one of its aliases; other names as they are.
std::string_view own_name(const Entity& entity, std::string_view name);
// What the cells of a column for that member are read as; text for what is no field.
ValueKind kind_of(const Entity& entity, std::string_view name);

// The columns that are read, in canonical order of their names. Without a header, headings are "1", "2" ... Throws
// CallError (22023) if two columns are the same field, if the mapping names unknown columns, or if no column is a
// field.
class CsvColumns {
public:
    CsvColumns(const Entity& entity, std::span<const std::string_view> headings, const CsvOptions& options);

    // The record of a line as an object; only cells with something in them are members. Its characters live as long as
    // the arena, the object until the next one is made.
    Json record(const CsvRecord& line, JsonArena& arena);
    std::span<const CsvColumn> columns() const { return columns_; }
    // What is wrong with the line itself: malformed, too many cells, NUL bytes.
    std::optional<Fault> fault(const CsvRecord& line) const;

private:
    std::string_view unquoted(std::string_view cell) const;
    std::optional<Json> value(const CsvColumn& column, const CsvRecord& line, JsonArena& arena) const;

    const CsvOptions& options_;
    std::vector<CsvColumn> columns_;
    std::vector<JsonMember> members_;
    std::size_t count_;  // of all columns
    bool corrected_ =
        false;  // the file is one of rejected lines: cells that were kept from being formulas are put right
};

}  // namespace eryxon::core
