// The server's datums as core's JSON.
#pragma once

#include "core/json/json.hpp"
#include "core/schema/schema.hpp"
#include "pg/server/jsonb.hpp"

namespace eryxon::pg {

// The value as to_jsonb() shows it, but times with time zone in UTC. Nothing if it is beyond the limits, or of a type
// that cannot be shown: json that is no jsonb, say. Its characters live as long as the arena and the current memory
// context.
std::optional<core::Json> json_within(const JsonLimits& limits, Datum value, Oid type, core::ValueKind kind,
                                      core::JsonArena& arena);

}  // namespace eryxon::pg
