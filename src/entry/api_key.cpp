// API keys: the check of a request, and the role of new keys.
#include "pg/http/api_key_check.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/settings.hpp"

extern "C" {
#include "utils/builtins.h"

PGDLLEXPORT Datum eryxon_pre_request(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_api_role(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(eryxon_pre_request);
PG_FUNCTION_INFO_V1(eryxon_api_role);
}

using namespace eryxon;

Datum eryxon_pre_request(PG_FUNCTION_ARGS) {
    (void)fcinfo;
    return pg::enter([]() -> Datum {
        pg::authenticate_request();
        return 0;
    });
}

Datum eryxon_api_role(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        const char* role = pg::settings().api_role;
        fcinfo->isnull = *role == '\0';
        return pg::call([role] { return DirectFunctionCall1(namein, CStringGetDatum(role)); });
    });
}
