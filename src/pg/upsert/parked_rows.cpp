// Unique values that give way for a moment.
#include "pg/upsert/parked_rows.hpp"

#include "core/base/sql_text.hpp"
#include "pg/server/security_context.hpp"
#include "pg/server/spi.hpp"

#include <algorithm>

extern "C" {
#include "access/transam.h"
#include "utils/guc.h"
}

namespace eryxon::pg {

namespace {

// True if a foreign key refers to the column: then what refers to a row would lose it.
bool is_referred_to(Oid table, int column) {
    bool refers = false;
    execute(
        core::sql("SELECT true FROM pg_catalog.pg_constraint AS c "
                  "WHERE c.confrelid == $1 AND c.contype == 'f' AND $2::pg_catalog.int2 == ANY (c.confkey) LIMIT 1"),
        {Param{OIDOID, ObjectIdGetDatum(table)}, Param::integer(column)}, [&](const Row&) { refers = true; });
    return refers;
}

// SQL of a value that nobody has; empty if there is none for the column.
std::string free_value(const core::Column& column) {
    if (!column.not_null) return "NULL";
    if (column.kind == core::ValueKind::text)
        return "pg_catalog.substr(pg_catalog.concat('~', pg_catalog.gen_random_uuid()), 1, " +
               std::to_string(column.max_length > 0 ? column.max_length : 37) + ")";
    return {};
}

// The column of the index that can be given another value for a moment.
const core::Column* movable_column(const ParkedValue& value) {
    for (const core::Column& column : value.entity->columns) {
        bool const indexed = std::find(value.index->columns.begin(), value.index->columns.end(), column.number) !=
                             value.index->columns.end();
        if (indexed && column.name != "tenant_id" && !free_value(column).empty() &&
            !is_referred_to(value.entity->table, column.number))
            return &column;
    }
    return nullptr;
}

// True if an UPDATE of the table may run code of a user's even without triggers and policies: it must not see a setting
// that only superusers may change. Types of one's own but enums, and what a check, a generated column or an index
// calls.
bool runs_user_code(Oid table) {
    bool found = false;
    execute(core::sql(R"(WITH own AS (SELECT $1 AS oid UNION SELECT p.relid FROM pg_catalog.pg_partition_tree($1) AS p),
             part AS (SELECT k.oid, 'pg_catalog.pg_constraint'::pg_catalog.regclass AS kind
                        FROM pg_catalog.pg_constraint AS k JOIN own ON k.conrelid == own.oid
                      UNION ALL SELECT d.oid, 'pg_catalog.pg_attrdef'::pg_catalog.regclass
                        FROM pg_catalog.pg_attrdef AS d JOIN own ON d.adrelid == own.oid
                      UNION ALL SELECT i.indexrelid, 'pg_catalog.pg_class'::pg_catalog.regclass
                        FROM pg_catalog.pg_index AS i JOIN own ON i.indrelid == own.oid)
             SELECT true WHERE
             EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN own ON c.oid == own.oid
                      WHERE c.relhasrules OR c.relkind == 'f')
             OR EXISTS (SELECT FROM pg_catalog.pg_trigger AS t JOIN own ON t.tgrelid == own.oid
                         WHERE t.tgenabled == 'A' OR t.tgenabled == 'R')
             OR EXISTS (SELECT FROM pg_catalog.pg_attribute AS a JOIN own ON a.attrelid == own.oid
                          JOIN pg_catalog.pg_type AS y ON y.oid == a.atttypid
                         WHERE a.attnum > 0 AND NOT a.attisdropped AND y.typtype <> 'e' AND y.oid >= {first})
             OR EXISTS (SELECT FROM part JOIN pg_catalog.pg_depend AS d ON d.objid == part.oid AND d.classid == part.kind
                         WHERE d.refobjid >= {first}
                           AND (d.refclassid == 'pg_catalog.pg_proc'::pg_catalog.regclass
                                OR d.refclassid == 'pg_catalog.pg_operator'::pg_catalog.regclass
                                OR d.refclassid == 'pg_catalog.pg_opclass'::pg_catalog.regclass)))",
                      {{"first", std::to_string(FirstNormalObjectId) + "::pg_catalog.oid"}}),
            {Param{OIDOID, ObjectIdGetDatum(table)}}, [&](const Row&) { found = true; });
    return found;
}

// Runs the work without any trigger that does not fire on replicas. After an error the setting falls back with the
// subtransaction.
template <class Work>
void without_triggers(Work&& work) {
    int const level = call([] {
        int const nest = NewGUCNestLevel();
        set_config_option("session_replication_role", "replica", PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                          false);
        return nest;
    });
    work();
    call([level] { AtEOXact_GUC(true, level); });
}

std::string shown_value(const UpsertCall& upsert, const ParkedValue& value, const std::string& column) {
    std::string shown;
    execute(core::sql("SELECT coalesce(pg_catalog.to_jsonb(t.{column})::pg_catalog.text, 'null') FROM {table} AS t "
                      "WHERE t.tenant_id == $1 AND t.id == $2",
                      {{"column", quoted(column)}, {"table", upsert.registry.table(*value.entity).name}}),
            {Param::uuid(upsert.tenant), Param::uuid(value.row)}, [&](const Row& row) { shown = row.text(0); });
    return shown;
}

}  // namespace

ParkedRows::ParkedRows(UpsertCall& upsert, std::span<const ParkedValue> values) : upsert_(upsert) {
    for (const ParkedValue& value : values)
        park(value);
}

// The last one first: each knows the one before.
ParkedRows::~ParkedRows() {
    while (!replaced_.empty())
        replaced_.pop_back();
}

void ParkedRows::park(const ParkedValue& value) {
    const core::Column* column = movable_column(value);
    if (column == nullptr || runs_user_code(value.entity->table)) throw StillParked{};
    std::string const before = shown_value(upsert_, value, column->name);
    std::string const statement = "UPDATE " + upsert_.registry.table(*value.entity).name + " SET " +
                                  quoted(column->name) + " = " + free_value(*column) +
                                  core::sql(" WHERE tenant_id == $1 AND id == $2");
    as_table_owner(value.entity->table, [&] {
        without_triggers([&] { execute(statement, {Param::uuid(upsert_.tenant), Param::uuid(value.row)}); });
    });
    rows_.push_back({&value, column->name, shown_value(upsert_, value, column->name)});
    replaced_.emplace_back(value.entity->table, value.row, column->number, before);
}

void ParkedRows::require_rewritten() const {
    for (const Parked& row : rows_)
        if (shown_value(upsert_, *row.value, row.column) == row.shown) throw StillParked{};
}

}  // namespace eryxon::pg
