// Importing CSV files: their lines are records for the engine like any others.
#pragma once

#include "core/base/uuid.hpp"
#include "core/json/json.hpp"
#include "pg/csv/csv_text.hpp"
#include "pg/server/prelude.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace eryxon::pg {

// A part of a file whose other parts other calls import.
struct CsvPart {
    std::string_view header;        // the file's first record; without a header a line of numbers
    std::int64_t lines_before = 0;  // physical lines of the file before this part's text
    std::int64_t records_before = 0;
    core::Uuid run{};  // the history row that all parts share
};

// Each needs an SPI connection. Source, options and answer live in the arena or as long as the call. Throw CallError
// for what is wrong with the call or with the whole file.

// The answer of a bulk upsert, with the line of each record. What failed is kept in eryxon.csv_rejected.
core::Json import_csv(std::string_view entity, const CsvSource& source, const core::Json& options,
                      core::JsonArena& arena);
// The same for a part, whose text is UTF-8; the option delimiter must be given.
core::Json import_csv_part(std::string_view entity, std::string_view text, const core::Json& options,
                           const CsvPart& part, core::JsonArena& arena);

// {"encoding","lines"} and what core::inspect_csv() tells. The option `entity` says what the file is for.
core::Json inspect_csv(const CsvSource& source, const core::Json& options, core::JsonArena& arena);

}  // namespace eryxon::pg
