// What differs between the server versions that the source builds on.
#pragma once

#include "pg/server/prelude.hpp"

extern "C" {
#include "access/genam.h"
#include "catalog/pg_class_d.h"
#include "catalog/pg_namespace_d.h"
#include "catalog/pg_proc_d.h"
#include "utils/acl.h"
#include "utils/guc_tables.h"
#include "utils/regproc.h"
#include "utils/rel.h"
}

namespace eryxon::pg {

// True if the user owns the relation.
inline bool owns_relation(Oid relation, Oid user) {
#if PG_VERSION_NUM >= 160000
    return object_ownercheck(RelationRelationId, relation, user);
#else
    return pg_class_ownercheck(relation, user);
#endif
}

// Whether the user may name what is in the schema.
inline AclResult schema_privilege(Oid schema, Oid user) {
#if PG_VERSION_NUM >= 160000
    return object_aclcheck(NamespaceRelationId, schema, user, ACL_USAGE);
#else
    return pg_namespace_aclcheck(schema, user, ACL_USAGE);
#endif
}

// Whether the user may execute the function.
inline AclResult function_privilege(Oid function, Oid user) {
#if PG_VERSION_NUM >= 160000
    return object_aclcheck(ProcedureRelationId, function, user, ACL_EXECUTE);
#else
    return pg_proc_aclcheck(function, user, ACL_EXECUTE);
#endif
}

// The setting of that name; null if there is none.
inline const config_generic* find_setting(const char* name) {
#if PG_VERSION_NUM >= 160000
    return find_option(name, false, true, DEBUG5);
#else
    for (int i = 0; i < GetNumConfigOptions(); i++)
        if (pg_strcasecmp(get_guc_variables()[i]->name, name) == 0) return get_guc_variables()[i];
    return nullptr;
#endif
}

// The parts of a name such as schema.function.
inline List* qualified_name(const char* name) {
#if PG_VERSION_NUM >= 160000
    return stringToQualifiedNameList(name, nullptr);
#else
    return stringToQualifiedNameList(name);
#endif
}

// Begins a scan of an index by that many conditions.
inline IndexScanDesc begin_index_scan(Relation table, Relation index, Snapshot snapshot, int conditions) {
#if PG_VERSION_NUM >= 180000
    return index_beginscan(table, index, snapshot, nullptr, conditions, 0);
#else
    return index_beginscan(table, index, snapshot, conditions, 0);
#endif
}

// True if no row has a null in the column. From 18 on NOT NULL may be NOT VALID: then old rows may.
inline bool has_no_nulls(Relation relation, const FormData_pg_attribute& column) {
#if PG_VERSION_NUM >= 180000
    if (TupleDescCompactAttr(RelationGetDescr(relation), column.attnum - 1)->attnullability == ATTNULLABLE_INVALID)
        return false;
#endif
    (void)relation;
    return column.attnotnull;
}

}  // namespace eryxon::pg
