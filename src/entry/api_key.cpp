// API keys: the check of a request, and what the functions that administer keys need from C.
#include "pg/api_key_check.hpp"
#include "pg/arguments.hpp"
#include "pg/boundary.hpp"
#include "pg/settings.hpp"

extern "C" {
#include "utils/builtins.h"

PGDLLEXPORT Datum pre_request(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum api_role(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum administered_tenant(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum caller_role(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(pre_request);
PG_FUNCTION_INFO_V1(api_role);
PG_FUNCTION_INFO_V1(administered_tenant);
PG_FUNCTION_INFO_V1(caller_role);
}

using namespace eryxon;

namespace {

Datum name_datum(const char* name) {
    return pg::call([name] { return DirectFunctionCall1(namein, CStringGetDatum(name)); });
}

}  // namespace

Datum pre_request(PG_FUNCTION_ARGS) {
    (void)fcinfo;
    return pg::enter([]() -> Datum {
        pg::authenticate_request();
        return 0;
    });
}

Datum api_role(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        const char* role = pg::settings().api_role;
        fcinfo->isnull = *role == '\0';
        return name_datum(role);
    });
}

Datum administered_tenant(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        std::optional<core::Uuid> const tenant = pg::administered_tenant();
        fcinfo->isnull = !tenant;
        return tenant ? pg::uuid_datum(*tenant) : 0;
    });
}

Datum caller_role(PG_FUNCTION_ARGS) {
    (void)fcinfo;
    return pg::enter([] { return name_datum(pg::caller_role()); });
}
