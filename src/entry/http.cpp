// The functions that those of schema eryxon_api call.
#include "pg/http/http_call.hpp"
#include "pg/registry/datum.hpp"
#include "pg/server/arguments.hpp"
#include "pg/server/boundary.hpp"

extern "C" {
PGDLLEXPORT Datum eryxon_http_upsert(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_http_bulk_upsert(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_http_sync(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_http_diff(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_http_delete(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_http_list(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_read_time(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_http_status(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_http_changes(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_http_webhook(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_http_admin(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_http_csv(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(eryxon_http_upsert);
PG_FUNCTION_INFO_V1(eryxon_http_bulk_upsert);
PG_FUNCTION_INFO_V1(eryxon_http_sync);
PG_FUNCTION_INFO_V1(eryxon_http_diff);
PG_FUNCTION_INFO_V1(eryxon_http_delete);
PG_FUNCTION_INFO_V1(eryxon_http_list);
PG_FUNCTION_INFO_V1(eryxon_read_time);
PG_FUNCTION_INFO_V1(eryxon_http_status);
PG_FUNCTION_INFO_V1(eryxon_http_changes);
PG_FUNCTION_INFO_V1(eryxon_http_webhook);
PG_FUNCTION_INFO_V1(eryxon_http_admin);
PG_FUNCTION_INFO_V1(eryxon_http_csv);
}

using namespace eryxon;

namespace {

// A function (entity, body).
template <class Call>
Datum answer_entity(FunctionCallInfo fcinfo, Call call) {
    return pg::text_datum(pg::answer_http([&] {
        core::JsonArena arena;
        core::Json const body = pg::json_argument(fcinfo, 1, "body", arena);
        return call(pg::text_argument(fcinfo, 0, "entity"), body, arena);
    }));
}

// A function (body).
template <class Call>
Datum answer_body(FunctionCallInfo fcinfo, Call call) {
    return pg::text_datum(pg::answer_http([&] {
        core::JsonArena arena;
        core::Json const body = pg::json_argument(fcinfo, 0, "body", arena);
        return call(body, arena);
    }));
}

}  // namespace

Datum eryxon_http_upsert(PG_FUNCTION_ARGS) {
    return pg::enter([&] { return answer_entity(fcinfo, pg::http_upsert); });
}

Datum eryxon_http_bulk_upsert(PG_FUNCTION_ARGS) {
    return pg::enter([&] { return answer_entity(fcinfo, pg::http_bulk_upsert); });
}

Datum eryxon_http_sync(PG_FUNCTION_ARGS) {
    return pg::enter([&] { return answer_body(fcinfo, pg::http_sync); });
}

Datum eryxon_http_diff(PG_FUNCTION_ARGS) {
    return pg::enter([&] { return answer_body(fcinfo, pg::http_diff); });
}

Datum eryxon_http_delete(PG_FUNCTION_ARGS) {
    return pg::enter([&] {
        return pg::text_datum(pg::answer_http([&] {
            pg::HttpDelete const request{pg::optional_uuid(fcinfo, 1), pg::optional_text(fcinfo, 2),
                                         pg::optional_text(fcinfo, 3), pg::optional_boolean(fcinfo, 4),
                                         pg::optional_boolean(fcinfo, 5).value_or(false)};
            return pg::http_delete(pg::text_argument(fcinfo, 0, "entity"), request);
        }));
    });
}

Datum eryxon_http_list(PG_FUNCTION_ARGS) {
    return pg::enter([&] {
        return pg::text_datum(pg::answer_http([&] {
            return pg::http_list(pg::text_argument(fcinfo, 0, "entity"), pg::required_argument(fcinfo, 1, "filters"));
        }));
    });
}

Datum eryxon_http_status(PG_FUNCTION_ARGS) {
    return pg::enter([&] {
        return pg::text_datum(
            pg::answer_http([&] { return pg::http_status(pg::required_argument(fcinfo, 0, "options")); }));
    });
}

Datum eryxon_http_changes(PG_FUNCTION_ARGS) {
    return pg::enter([&] {
        return pg::text_datum(
            pg::answer_http([&] { return pg::http_changes(pg::required_argument(fcinfo, 0, "options")); }));
    });
}

Datum eryxon_http_webhook(PG_FUNCTION_ARGS) {
    return pg::enter([&] {
        return pg::text_datum(pg::answer_http([&] {
            return pg::http_webhook(pg::text_argument(fcinfo, 0, "action"),
                                    pg::required_argument(fcinfo, 1, "arguments"));
        }));
    });
}

Datum eryxon_http_admin(PG_FUNCTION_ARGS) {
    return pg::enter([&] {
        return pg::text_datum(pg::answer_http([&] {
            return pg::http_admin(pg::text_argument(fcinfo, 0, "action"),
                                  pg::required_argument(fcinfo, 1, "arguments"));
        }));
    });
}

Datum eryxon_http_csv(PG_FUNCTION_ARGS) {
    return pg::enter([&] {
        return pg::text_datum(pg::answer_http([&] {
            std::optional<Datum> file;
            if (!PG_ARGISNULL(2)) file = PG_GETARG_DATUM(2);
            return pg::http_csv(pg::text_argument(fcinfo, 0, "action"), pg::required_argument(fcinfo, 1, "arguments"),
                                file);
        }));
    });
}

Datum eryxon_read_time(PG_FUNCTION_ARGS) {
    return pg::enter([&] {
        std::optional<Datum> const time = pg::read_time(pg::text_argument(fcinfo, 0, "value"));
        if (!time) fcinfo->isnull = true;
        return time.value_or(0);
    });
}
