// A CSV file on its way into the engine.
#pragma once

#include "core/csv/csv_columns.hpp"
#include "core/csv/csv_layout.hpp"
#include "core/csv/csv_reader.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace eryxon::pg {

// Reads the records of a text with its header. Options and text must live as long.
class CsvFile {
public:
    // A whole file. Throws CallError if it is empty or its header cannot be read.
    CsvFile(const core::Entity& entity, std::string_view text, const core::CsvOptions& options);
    // A part of one, with the file's header; the option delimiter must be given.
    CsvFile(const core::Entity& entity, std::string_view text, std::string_view header,
            const core::CsvOptions& options);

    // Moves to the next record; false at the end.
    bool next();
    const core::CsvRecord& record() const { return record_; }
    core::CsvColumns& columns() { return *columns_; }
    const core::CsvOptions& options() const { return options_; }

    // As the option of that name says it.
    std::string_view delimiter_name() const { return delimiter_ == '\t' ? "tab" : std::string_view(&delimiter_, 1); }
    // The header as it stands in the file; empty without one.
    std::string_view header() const { return header_; }
    // The header, or without one a line of the columns' numbers.
    std::string heading_line() const;

    char delimiter() const { return delimiter_; }

private:
    CsvFile(const core::Entity& entity, std::string_view text, core::CsvLayout layout, const core::CsvOptions& options);
    void read_headings(core::CsvReader& reader);

    const core::CsvOptions& options_;
    char delimiter_;
    core::CsvReader reader_;
    core::CsvRecord record_;
    bool has_header_ = false;
    bool waiting_ = false;  // the first record is no header and was not handed out yet
    std::string_view header_;
    std::vector<std::string> headings_;
    std::unique_ptr<core::CsvColumns> columns_;
};

}  // namespace eryxon::pg
