// Acting as another user.
#include "pg/server/security_context.hpp"

#include "pg/server/catalog_scan.hpp"
#include "pg/server/compat.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace eryxon::pg {

namespace {

// Reads the owner of eryxon_sync from pg_extension, InvalidOid if there is none.
Oid read_extension_owner() {
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum("eryxon_sync"));
    return read_catalog_oid(ExtensionRelationId, ExtensionNameIndexId, key, [](HeapTuple tuple) {
        return reinterpret_cast<Form_pg_extension>(GETSTRUCT(tuple))->extowner;
    });
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

Oid table_owner(Oid table) {
    return call([table] {
        HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
        if (!HeapTupleIsValid(tuple))
            ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("relation with OID %u does not exist", table)));
        Oid const owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
        ReleaseSysCache(tuple);
        return owner;
    });
}

bool may_refer(Oid user, Oid table) {
    return call([=] {
        if (owns_relation(table, user) || pg_class_aclcheck(table, user, ACL_REFERENCES) == ACLCHECK_OK) return true;
        AttrNumber const id = get_attnum(table, "id");
        return id != InvalidAttrNumber && pg_attribute_aclcheck(table, id, user, ACL_REFERENCES) == ACLCHECK_OK;
    });
}

ChildScope::ChildScope(Oid parent, Oid child) {
    Oid const owner = table_owner(child), of_parent = table_owner(parent);
    bool const runs_anyway =
        call([=] { return has_privs_of_role(owner, GetUserId()) || has_privs_of_role(owner, of_parent); });
    if (runs_anyway) return;
    flags_ |= SECURITY_RESTRICTED_OPERATION;
    settings_ = NewGUCNestLevel();
}

void ChildScope::leave() const {
    if (settings_ > 0) call([this] { AtEOXact_GUC(false, settings_); });
}

void set_user_context(const UserContext& context) {
    SetUserIdAndSecContext(context.user, context.flags);
}

}  // namespace eryxon::pg
