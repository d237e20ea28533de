// Reads links between rows, each side with the rights of its table's owner.
#include "pg/deletes/row_links.hpp"

#include "pg/server/security_context.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/snapmgr.h"
}

namespace eryxon::pg {

namespace {

// Hands over the parameters of a statement over one side of a key: tenant, ids, and the values that the other side's
// owner reads with the given statement, if any.
template <class Work>
void with_params(const std::string& values_sql, Oid table, const core::Uuid& tenant, const Ids& ids, Work&& work) {
    std::vector<Param> params{Param::uuid(tenant), uuid_array(ids)};
    if (values_sql.empty()) return work(params);
    as_table_owner(table, [&] {
        execute(values_sql, params, [&](const Row& row) {
            if (row.is_null(0)) return;
            params.pop_back();
            for (int column = 0; column < row.size(); column++)
                params.push_back(row.param(column));
            work(params);
        });
    });
}

std::vector<Link> links(const std::string& sql, Oid table, std::span<const Param> params) {
    std::vector<Link> found;
    as_table_owner(table, [&] {
        execute(sql, params, [&](const Row& row) { found.push_back({row.uuid(0), row.uuid(1)}); });
    });
    return found;
}

// Live children of the parents, by one of the key's statements.
std::vector<Link> links_below(const ForeignKey& key, const std::string& sql, const core::Uuid& tenant,
                              const Ids& parents) {
    std::vector<Link> found;
    if (parents.empty()) return found;
    with_params(key.parent_values_sql, key.to, tenant, parents,
                [&](std::span<const Param> params) { found = links(sql, key.from, params); });
    return found;
}

// True if the query finds a row that is there now, though the transaction's snapshot may be older.
bool finds_now(const std::string& sql, std::span<const Param> params) {
    std::vector<Oid> types;
    std::vector<Datum> values;
    for (const Param& param : params) {
        types.push_back(param.type);
        values.push_back(param.value);
    }
    return call([&] {
        CommandCounterIncrement();
        PushActiveSnapshot(GetLatestSnapshot());
        int const result = SPI_execute_with_args(sql.c_str(), static_cast<int>(types.size()), types.data(),
                                                 values.data(), nullptr, true, 1);
        PopActiveSnapshot();
        if (result != SPI_OK_SELECT) elog(ERROR, "SPI failed: %s", SPI_result_code_string(result));
        return SPI_processed > 0;
    });
}

}  // namespace

std::vector<Link> children_of(const ForeignKey& key, const core::Uuid& tenant, const Ids& parents, RowState state) {
    return links_below(key, state == RowState::live ? key.children_sql : key.deleted_children_sql, tenant, parents);
}

std::vector<Link> parents_of(const ForeignKey& key, const core::Uuid& tenant, const Ids& children) {
    std::vector<Link> found;
    if (children.empty()) return found;
    Oid const read_last = key.child_values_sql.empty() ? key.from : key.to;
    with_params(key.child_values_sql, key.from, tenant, children,
                [&](std::span<const Param> params) { found = links(key.parents_sql, read_last, params); });
    return found;
}

std::optional<Link> referrer_of(const ForeignKey& key, const core::Uuid& tenant, const Ids& parents) {
    std::vector<Link> const found = links_below(key, key.referrers_sql, tenant, parents);
    return found.empty() ? std::nullopt : std::optional(found.front());
}

bool has_unseen_children(const ForeignKey& key, const core::Uuid& tenant, const Ids& parents) {
    if (!IsolationUsesXactSnapshot() || parents.empty()) return false;
    bool found = false;
    with_params(key.parent_values_sql, key.to, tenant, parents, [&](std::span<const Param> params) {
        found = as_table_owner(key.from, [&] { return finds_now(key.children_sql, params); });
    });
    return found;
}

}  // namespace eryxon::pg
