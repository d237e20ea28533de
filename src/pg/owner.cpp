// Acting as another user.
#include "pg/owner.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_extension.h"
#include "utils/fmgroids.h"
}

namespace eryxon::pg {

namespace {

// Reads the owner of eryxon_sync from pg_extension, InvalidOid if there is none.
Oid read_extension_owner() {
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum("eryxon_sync"));
    Relation catalog = table_open(ExtensionRelationId, AccessShareLock);
    SysScanDesc scan = systable_beginscan(catalog, ExtensionNameIndexId, true, nullptr, 1, &key);
    HeapTuple tuple = systable_getnext(scan);
    Oid const owner =
        HeapTupleIsValid(tuple) ? reinterpret_cast<Form_pg_extension>(GETSTRUCT(tuple))->extowner : InvalidOid;
    systable_endscan(scan);
    table_close(catalog, AccessShareLock);
    return owner;
}

}  // namespace

Oid extension_owner() {
    return call([] {
        Oid const owner = read_extension_owner();
        if (!OidIsValid(owner))
            ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                            errmsg("extension \"eryxon_sync\" is not installed in this database")));
        return owner;
    });
}

UserContext current_user_context() {
    UserContext context;
    GetUserIdAndSecContext(&context.user, &context.flags);
    return context;
}

void set_user_context(const UserContext& context) {
    SetUserIdAndSecContext(context.user, context.flags);
}

}  // namespace eryxon::pg
