// The SQL functions that find the caller's tenant and then call their inner functions.
#include "pg/registry/caller.hpp"
#include "pg/server/arguments.hpp"
#include "pg/server/boundary.hpp"

extern "C" {
PGDLLEXPORT Datum eryxon_call_for_tenant(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_call_for_administrator(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_call_as_caller(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_callers_path(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(eryxon_call_for_tenant);
PG_FUNCTION_INFO_V1(eryxon_call_for_administrator);
PG_FUNCTION_INFO_V1(eryxon_call_as_caller);
PG_FUNCTION_INFO_V1(eryxon_callers_path);
}

using namespace eryxon;

Datum eryxon_call_for_tenant(PG_FUNCTION_ARGS) {
    return pg::enter([&] {
        pg::Caller const caller;
        return pg::call_inner(fcinfo, caller.tenant(), pg::Rights::owner);
    });
}

Datum eryxon_call_for_administrator(PG_FUNCTION_ARGS) {
    return pg::enter([&] { return pg::call_inner(fcinfo, pg::administered_tenant(), pg::Rights::owner); });
}

Datum eryxon_call_as_caller(PG_FUNCTION_ARGS) {
    return pg::enter([&] {
        pg::Caller const caller;
        return pg::call_inner(fcinfo, caller.tenant(), pg::Rights::caller);
    });
}

Datum eryxon_callers_path(PG_FUNCTION_ARGS) {
    (void)fcinfo;
    return pg::enter([] { return pg::text_datum(pg::callers_path()); });
}
