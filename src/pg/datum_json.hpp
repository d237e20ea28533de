// The server's datums as core's JSON.
#pragma once

#include "core/json.hpp"
#include "core/schema.hpp"
#include "pg/prelude.hpp"

namespace eryxon::pg {

// The value as to_jsonb() shows it, but times with time zone in UTC. Its characters live as long as the arena and the
// current memory context.
core::Json json_of(Datum value, Oid type, core::ValueKind kind, core::JsonArena& arena);

}  // namespace eryxon::pg
