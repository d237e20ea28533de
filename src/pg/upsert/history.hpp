// The rows of eryxon.sync_run that a call leaves.
#pragma once

#include "pg/upsert/answer.hpp"

namespace eryxon::pg {

// Writes one row per entity touched, as the extension's owner; returns the run's id by entity.
std::map<const core::Entity*, core::Uuid> write_history(UpsertCall& upsert, std::int64_t started_at);

// Writes the event sync.completed of a run that several calls have made, which do not tell it. Nothing if it has no
// row.
void tell_run(const core::Uuid& run);

}  // namespace eryxon::pg
