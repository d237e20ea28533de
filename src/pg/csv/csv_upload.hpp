// Importing CSV files in parts, each in a transaction of its own, so that a large one can be watched and cancelled.
#pragma once

#include "core/base/uuid.hpp"
#include "core/json/json.hpp"
#include "core/record/options.hpp"
#include "pg/csv/csv_text.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace eryxon::pg {

// Each needs an SPI connection, and may be called by who may write the entity's table. Throw CallError.

// Keeps the parts of a file, of so many records each, for the steps; checks header and options. Returns {"run_id",
// "records", "lines", "parts"}; the id may be the caller's choice.
core::Json begin_upload(std::string_view entity, const CsvSource& source, const core::Json& options,
                        const std::optional<core::Uuid>& run, std::int64_t size, core::JsonArena& arena);
// Imports the next part, with the caller's rights: the answer of a bulk upsert and "more": true. {"more": false} if
// there is none or the import was cancelled.
core::Json upload_step(const core::Uuid& run, core::JsonArena& arena);
// Has the import stop before its next part. {"id", "status"}; NOT_FOUND if none of that id is running.
core::Json cancel_upload(const core::Uuid& run, core::JsonArena& arena);
// Throws unless the caller may import records of the entity in parts with these options.
void check_upload(std::string_view entity, const core::Options& options);
// Demands that the caller may handle an import of the tenant; false if there is none.
bool require_upload(const core::Uuid& run);
// The id of a new import, as the extension's owner.
core::Uuid prepare_upload(const core::Uuid& tenant, const std::optional<core::Uuid>& wanted);
// Ends an import that cannot go on. Nothing if it is over.
void fail_upload(const core::Uuid& run, std::string_view reason);

}  // namespace eryxon::pg
