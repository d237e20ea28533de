// Points in time as the server has them.
#pragma once

#include "core/json/json.hpp"

#include <cstdint>
#include <optional>

namespace eryxon::pg {

// Now, as TimestampTz.
std::int64_t clock_now();

// ISO 8601 in UTC as a JSON string, null for nothing.
core::Json timestamp_json(std::optional<std::int64_t> timestamp, core::JsonArena& arena);

}  // namespace eryxon::pg
