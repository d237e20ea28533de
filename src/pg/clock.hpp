// Points in time as the server has them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace eryxon::pg {

// Now, as TimestampTz.
std::int64_t clock_now();

// ISO 8601 in UTC as a JSON string, null for nothing.
std::string timestamp_json(std::optional<std::int64_t> timestamp);

}  // namespace eryxon::pg
