// eryxon_tenant_id() and eryxon_user_id().
#include "pg/boundary.hpp"
#include "pg/tenant.hpp"

extern "C" {
#include "utils/uuid.h"

PGDLLEXPORT Datum eryxon_tenant_id(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum eryxon_user_id(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(eryxon_tenant_id);
PG_FUNCTION_INFO_V1(eryxon_user_id);
}

using namespace eryxon;

namespace {

Datum uuid_datum(const core::Uuid& uuid) {
    void* copy = pg::call([] { return palloc(UUID_LEN); });
    memcpy(copy, uuid.data(), UUID_LEN);
    return PointerGetDatum(copy);
}

}  // namespace

Datum eryxon_tenant_id(PG_FUNCTION_ARGS) {
    (void)fcinfo;
    return pg::enter([] { return uuid_datum(pg::tenant_id()); });
}

Datum eryxon_user_id(PG_FUNCTION_ARGS) {
    return pg::enter([&]() -> Datum {
        std::optional<core::Uuid> const user = pg::user_id();
        fcinfo->isnull = !user;
        return user ? uuid_datum(*user) : 0;
    });
}
