// Importing records that are JSON in parts, each in a transaction of its own. The parts come one by one.
#pragma once

#include "core/base/uuid.hpp"
#include "core/json/json.hpp"
#include "core/json/record_splitter.hpp"
#include "pg/server/prelude.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace eryxon::pg {

// Each needs an SPI connection, and may be called by who may write the entity's table. Throw CallError.

// Notes an import whose parts are to come; checks the options. Returns {"run_id", "part_records"}: how many records a
// part has at most. The id may be the caller's choice.
core::Json begin_record_upload(std::string_view entity, core::RecordForm form, const core::Json& options,
                               const std::optional<core::Uuid>& run, std::int64_t size, core::JsonArena& arena);

// A part: records with a comma or a line break behind each. `place` is the first one's line, or number in its array.
struct RecordPart {
    core::Uuid run;
    std::int64_t number, place;
    std::string_view bytes;
};
// Imports it, with the caller's rights: the answer of a bulk upsert and "more": true, without counts if it was imported
// before. {"more": false} if the import was cancelled or is over.
core::Json record_step(const RecordPart& part, core::JsonArena& arena);
// Notes that there is no other part.
void finish_upload(const core::Uuid& run);

}  // namespace eryxon::pg
