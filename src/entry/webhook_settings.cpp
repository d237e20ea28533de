// The settings that the functions of webhooks ask for.
#include "pg/server/boundary.hpp"
#include "pg/server/settings.hpp"

extern "C" {
PGDLLEXPORT Datum eryxon_capture_events(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_webhook_allow_http(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(eryxon_capture_events);
PG_FUNCTION_INFO_V1(eryxon_webhook_allow_http);
}

using namespace eryxon;

Datum eryxon_capture_events(PG_FUNCTION_ARGS) {
    (void)fcinfo;
    return pg::enter([] { return BoolGetDatum(pg::settings().capture_events); });
}

Datum eryxon_webhook_allow_http(PG_FUNCTION_ARGS) {
    (void)fcinfo;
    return pg::enter([] { return BoolGetDatum(pg::settings().webhook_allow_http); });
}
