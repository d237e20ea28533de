// Locks rows and follows foreign keys.
#include "pg/deletes/rows.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/snapmgr.h"
}

namespace eryxon::pg {

namespace {

std::string lock_sql(const Table& table, RowState state, RowLock lock, std::string_view rights) {
    std::string sql;
    if (!rights.empty()) sql = "/* " + std::string(rights) + " */ ";
    sql += "SELECT id FROM " + table.name +
           " WHERE tenant_id OPERATOR(pg_catalog.=) $1 AND id OPERATOR(pg_catalog.=) ANY ($2) AND deleted_at IS ";
    sql += state == RowState::live ? "NULL" : "NOT NULL";
    sql += " ORDER BY external_source COLLATE pg_catalog.\"C\", external_id COLLATE pg_catalog.\"C\", id FOR ";
    return sql + (lock == RowLock::update ? "UPDATE" : "KEY SHARE");
}

std::vector<Link> links(const std::string& sql, Oid table, const core::Uuid& tenant, const Ids& ids) {
    std::vector<Link> found;
    if (ids.empty()) return found;
    as_table_owner(table, [&] {
        execute(sql, {Param::uuid(tenant), uuid_array(ids)}, [&](const Row& row) {
            found.push_back({row.uuid(0), row.uuid(1)});
        });
    });
    return found;
}

}  // namespace

Param uuid_array(const Ids& ids) {
    return uuid_array(std::vector<core::Uuid>(ids.begin(), ids.end()));
}

Ids lock_rows(const Table& table, const core::Uuid& tenant, const Ids& ids, RowState state, RowLock lock,
              std::string_view rights) {
    Ids locked;
    if (ids.empty()) return locked;
    execute(lock_sql(table, state, lock, rights), {Param::uuid(tenant), uuid_array(ids)},
            [&](const Row& row) { locked.insert(row.uuid(0)); });
    return locked;
}

Ids lock_rows_as_owner(const Table& table, const core::Uuid& tenant, const Ids& ids, RowState state, RowLock lock) {
    return as_table_owner(table.oid, [&] { return lock_rows(table, tenant, ids, state, lock, "owner"); });
}

std::vector<Link> children_of(const ForeignKey& key, const core::Uuid& tenant, const Ids& parents) {
    return links(key.children_sql, key.from, tenant, parents);
}

std::vector<Link> parents_of(const ForeignKey& key, const core::Uuid& tenant, const Ids& children) {
    return links(key.parents_sql, key.from, tenant, children);
}

bool has_unseen_children(const ForeignKey& key, const core::Uuid& tenant, const Ids& parents) {
    if (!IsolationUsesXactSnapshot() || parents.empty()) return false;
    return as_table_owner(key.from, [&] {
        const Param of[] = {Param::uuid(tenant), uuid_array(parents)};
        return call([&] {
            Oid types[] = {of[0].type, of[1].type};
            Datum values[] = {of[0].value, of[1].value};
            CommandCounterIncrement();
            PushActiveSnapshot(GetLatestSnapshot());
            int const result = SPI_execute_with_args(key.children_sql.c_str(), 2, types, values, nullptr, true, 1);
            PopActiveSnapshot();
            if (result != SPI_OK_SELECT) elog(ERROR, "SPI failed: %s", SPI_result_code_string(result));
            return SPI_processed > 0;
        });
    });
}

}  // namespace eryxon::pg
