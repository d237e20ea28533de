// Who is written to deleted_by.
#include "pg/deletes/deleted_by.hpp"

#include "core/base/sql_text.hpp"
#include "pg/server/security_context.hpp"
#include "pg/server/spi.hpp"

#include <map>

namespace eryxon::pg {

namespace {

// A column of a foreign key, and the one that it refers to.
struct Link {
    std::string own, other;
    bool comparable;
};

// What each foreign key of deleted_by compares, by the table that it refers to.
std::map<Oid, std::vector<Link>> read_keys(Oid table) {
    std::map<Oid, std::vector<Link>> keys;
    execute(core::sql(R"(SELECT c.confrelid, a.attname::pg_catalog.text, r.attname::pg_catalog.text,
                            a.atttypid == r.atttypid AND r.atttypid == 'pg_catalog.uuid'::pg_catalog.regtype
                       FROM pg_catalog.pg_constraint c
                       JOIN pg_catalog.pg_attribute d ON d.attrelid == c.conrelid AND d.attname == 'deleted_by'
                      CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(c.conkey), pg_catalog.unnest(c.confkey))
                                 AS k(own, other)
                       JOIN pg_catalog.pg_attribute a ON a.attrelid == c.conrelid AND a.attnum == k.own
                       JOIN pg_catalog.pg_attribute r ON r.attrelid == c.confrelid AND r.attnum == k.other
                      WHERE c.conrelid == $1 AND c.contype == 'f' AND d.attnum == ANY (c.conkey))"),
            {Param{OIDOID, ObjectIdGetDatum(table)}}, [&](const Row& row) {
                keys[row.oid(0)].push_back({std::string(row.text(1)), std::string(row.text(2)), row.boolean(3)});
            });
    return keys;
}

// True if the table has that user, and then of that tenant, if the key compares it; or if that cannot be told.
bool knows(Oid table, const std::vector<Link>& links, const core::Uuid& tenant, const core::Uuid& user) {
    std::string match;
    for (const Link& link : links) {
        bool const is_user = link.own == "deleted_by";
        if (!link.comparable || (!is_user && link.own != "tenant_id")) return true;
        match +=
            core::sql(" AND r.{column} == {value}", {{"column", quoted(link.other)}, {"value", is_user ? "$1" : "$2"}});
    }
    std::string const statement = core::sql("SELECT true FROM {table} AS r WHERE $2 IS NOT NULL{match} LIMIT 1",
                                            {{"table", qualified_relation(table)}, {"match", match}});
    return as_table_owner(table, [&] { return execute(statement, {Param::uuid(user), Param::uuid(tenant)}) > 0; });
}

}  // namespace

std::optional<core::Uuid> known_user(const Table& table, const core::Uuid& tenant,
                                     const std::optional<core::Uuid>& user) {
    if (!user) return user;
    for (const auto& [referenced, links] : read_keys(table.oid))
        if (!knows(referenced, links, tenant, *user)) return std::nullopt;
    return user;
}

}  // namespace eryxon::pg
