// Locks rows in the order of their external keys.
#include "pg/deletes/row_locks.hpp"

#include "core/base/sql_text.hpp"
#include "pg/server/security_context.hpp"

namespace eryxon::pg {

namespace {

std::string lock_statement(const Table& table, RowState state, RowLock lock) {
    return core::sql(R"(SELECT id FROM {table}
                         WHERE tenant_id == $1 AND id == ANY ($2) AND deleted_at IS {state}
                         ORDER BY external_source COLLATE pg_catalog."C", external_id COLLATE pg_catalog."C", id
                           FOR {lock})",
                     {{"table", table.name},
                      {"state", state == RowState::live ? "NULL" : "NOT NULL"},
                      {"lock", lock == RowLock::update ? "UPDATE" : "KEY SHARE"}});
}

}  // namespace

Param uuid_array(const Ids& ids) {
    return uuid_array(std::vector<core::Uuid>(ids.begin(), ids.end()));
}

Ids lock_rows(const Table& table, const core::Uuid& tenant, const Ids& ids, RowState state, RowLock lock) {
    Ids locked;
    if (ids.empty()) return locked;
    execute(lock_statement(table, state, lock), {Param::uuid(tenant), uuid_array(ids)},
            [&](const Row& row) { locked.insert(row.uuid(0)); });
    return locked;
}

Ids lock_rows_as_owner(const Table& table, const core::Uuid& tenant, const Ids& ids, RowState state, RowLock lock) {
    return as_table_owner(table.oid, [&] { return lock_rows(table, tenant, ids, state, lock); });
}

}  // namespace eryxon::pg
