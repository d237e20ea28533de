// What was recorded of rows when they were soft-deleted.
#pragma once

#include "pg/deletes/cascade_set.hpp"

extern "C" {
#include "utils/timestamp.h"
}

namespace eryxon::pg {

// A row of a cascade, as it was recorded.
struct RecordedRow {
    std::string entity;  // of the cascade's root
    core::Uuid root;
    TimestampTz deleted_at;
};

// The rows that may come back with roots of one entity: all that went with a root which was deleted itself, and of what
// went together with a root, the rows that hang on it.
std::map<RowKey, RecordedRow> read_recorded_rows(const Registry& registry, const core::Entity& entity,
                                                 const core::Uuid& tenant, const Ids& roots);

}  // namespace eryxon::pg
