// Points in time as the server has them.
#include "pg/server/clock.hpp"

#include "core/json/json_build.hpp"
#include "pg/server/boundary.hpp"

extern "C" {
#include "catalog/pg_type_d.h"
#include "miscadmin.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/timestamp.h"
}

namespace eryxon::pg {

std::int64_t clock_now() {
    return GetCurrentTimestamp();
}

core::Json timestamp_json(std::optional<std::int64_t> timestamp, core::JsonArena& arena) {
    if (!timestamp) return core::Json::null();
    char text[MAXDATELEN + 1];
    int const utc = 0;
    call([&] { JsonEncodeDateTime(text, TimestampTzGetDatum(*timestamp), TIMESTAMPTZOID, &utc); });
    return core::make_string(text, arena);
}

}  // namespace eryxon::pg
