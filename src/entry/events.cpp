// Events: the triggers that capture them, their changes as they are shown, and the worker that positions them.
#include "core/json/json_build.hpp"
#include "pg/events/capture.hpp"
#include "pg/events/event_changes.hpp"
#include "pg/events/position_worker.hpp"
#include "pg/server/arguments.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/spi.hpp"

extern "C" {
#include "postmaster/bgworker.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"

PGDLLEXPORT Datum eryxon_begin_capture(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_write_events(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_change_list(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_stored_size(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_settle_events(PG_FUNCTION_ARGS);
PGDLLEXPORT void eryxon_position_events_main(Datum database);
PG_FUNCTION_INFO_V1(eryxon_begin_capture);
PG_FUNCTION_INFO_V1(eryxon_write_events);
PG_FUNCTION_INFO_V1(eryxon_change_list);
PG_FUNCTION_INFO_V1(eryxon_stored_size);
PG_FUNCTION_INFO_V1(eryxon_settle_events);
}

using namespace eryxon;

// That it is called is all: the library is loaded before the statement's AFTER triggers fire.
Datum eryxon_begin_capture(PG_FUNCTION_ARGS) {
    (void)fcinfo;
    return PointerGetDatum(nullptr);
}

Datum eryxon_write_events(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        constexpr TriggerEvent compared = TRIGGER_EVENT_ROW | TRIGGER_EVENT_TIMINGMASK;
        pg::write_events(pg::trigger_data(fcinfo, TRIGGER_EVENT_AFTER, compared));
        return PointerGetDatum(nullptr);
    });
}

Datum eryxon_change_list(PG_FUNCTION_ARGS) {
    return pg::enter([&] { return pg::change_list(PG_GETARG_DATUM(0)); });
}

Datum eryxon_stored_size(PG_FUNCTION_ARGS) {
    return pg::enter([&] { return Int64GetDatum(pg::stored_size(PG_GETARG_DATUM(0))); });
}

Datum eryxon_settle_events(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        core::Uuid const tenant = pg::optional_uuid(fcinfo, 0).value();
        pg::with_spi([&] { pg::settle_events(tenant); });
        return 0;
    });
}

// The worker's main function. It waits for no lock for long: whoever holds it may be the one that waits for the worker.
void eryxon_position_events_main(Datum database) {
    pqsignal(SIGTERM, die);
    BackgroundWorkerUnblockSignals();
    BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(database), InvalidOid, 0);
    SetConfigOption("lock_timeout", "2s", PGC_SUSET, PGC_S_OVERRIDE);
    SetConfigOption("default_transaction_isolation", "read committed", PGC_SUSET, PGC_S_OVERRIDE);
    SetConfigOption("default_transaction_read_only", "off", PGC_SUSET, PGC_S_OVERRIDE);
    pg::enter([] { pg::position_events_once(); });
}
