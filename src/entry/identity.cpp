// eryxon_tenant_id() and eryxon_user_id().
#include "pg/registry/tenant.hpp"
#include "pg/server/arguments.hpp"
#include "pg/server/boundary.hpp"

extern "C" {
PGDLLEXPORT Datum eryxon_tenant_id(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_user_id(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(eryxon_tenant_id);
PG_FUNCTION_INFO_V1(eryxon_user_id);
}

using namespace eryxon;

Datum eryxon_tenant_id(PG_FUNCTION_ARGS) {
    (void)fcinfo;
    return pg::enter([] { return pg::uuid_datum(pg::tenant_id()); });
}

Datum eryxon_user_id(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        std::optional<core::Uuid> const user = pg::user_id();
        fcinfo->isnull = !user;
        return user ? pg::uuid_datum(*user) : 0;
    });
}
