// Checks, whenever the registry is read, that a table still has what eryxon_attach() demanded or made: columns with
// their types, no inheritance, the index on the external key. Nothing keeps ALTER TABLE from taking it away.
#include "pg/registry/usable.hpp"

#include "pg/server/boundary.hpp"
#include "pg/server/catalog_scan.hpp"
#include "pg/server/compat.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/indexing.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type_d.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace eryxon::pg {

namespace {

// A column that must be there, as in eryxon.sync_columns().
struct Needed {
    const char* name;
    Oid type;
    enum Nulls { allowed, wanted, refused } nulls = allowed;
};

constexpr Needed needed[] = {{"id", UUIDOID, Needed::refused},
                             {"tenant_id", UUIDOID, Needed::refused},
                             {"external_id", TEXTOID},
                             {"external_source", TEXTOID},
                             {"synced_at", TIMESTAMPTZOID},
                             {"sync_hash", TEXTOID},
                             {"deleted_at", TIMESTAMPTZOID, Needed::wanted},
                             {"deleted_by", UUIDOID, Needed::wanted}};

// What is wrong, and the statement that mends it.
struct Lack {
    std::string what, remedy;
};

std::string literal(std::string_view text) {
    std::string const copy(text);
    return call([&] { return quote_literal_cstr(copy.c_str()); });
}

std::string type_name(Oid type) {
    return call([type] { return format_type_be(type); });
}

std::string attach_again(const core::Entity& entity, const Table& table) {
    return "SELECT eryxon_attach(" + literal(entity.name) + ", " + literal(table.name) + ")";
}

// How to bring back a column that was dropped.
std::string add_column(const core::Entity& entity, const Table& table, std::string_view column) {
    if (column == "id")
        return "ALTER TABLE " + table.name + " ADD COLUMN id uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid()";
    if (column == "tenant_id") return "ALTER TABLE " + table.name + " ADD COLUMN tenant_id uuid";
    return attach_again(entity, table);
}

const FormData_pg_attribute* find_column(Relation relation, const char* name) {
    TupleDesc const descriptor = RelationGetDescr(relation);
    for (int i = 0; i < descriptor->natts; i++) {
        const FormData_pg_attribute* column = TupleDescAttr(descriptor, i);
        if (!column->attisdropped && strcmp(NameStr(column->attname), name) == 0) return column;
    }
    return nullptr;
}

// The name of the column's collation if that calls different characters equal, else empty.
std::string loose_collation(const FormData_pg_attribute& column) {
    Oid const collation = column.attcollation;
    if (!OidIsValid(collation) || call([collation] { return get_collation_isdeterministic(collation); })) return {};
    return call([collation] { return get_collation_name(collation); });
}

std::optional<Lack> lack_of_column(const core::Entity& entity, const Table& table, Relation relation,
                                   const Needed& need) {
    std::string const name(need.name), of = "column \"" + name + "\" of table " + table.name;
    std::string const alter = "ALTER TABLE " + table.name + " ALTER COLUMN " + name + " ";
    const FormData_pg_attribute* column = find_column(relation, need.name);
    if (column == nullptr) return Lack{of + " does not exist", add_column(entity, table, name)};
    if (column->attgenerated != '\0') return Lack{of + " is generated", alter + "DROP EXPRESSION"};
    if (column->atttypid != need.type) {
        std::string const type = type_name(need.type);
        return Lack{of + " has type " + type_name(column->atttypid) + ", not " + type,
                    alter + "TYPE " + type + " USING " + name + "::" + type};
    }
    if (std::string const loose = loose_collation(*column); !loose.empty())
        return Lack{of + " has the nondeterministic collation \"" + loose + "\"",
                    alter + "TYPE text COLLATE \"default\""};
    if (need.nulls == Needed::refused && !has_no_nulls(relation, *column))
        return Lack{of + " allows nulls", alter + "SET NOT NULL"};
    if (need.nulls == Needed::wanted && column->attnotnull)
        return Lack{of + " allows no nulls", alter + "DROP NOT NULL"};
    return std::nullopt;
}

// A table that this one inherits from or is a partition of; InvalidOid if there is none.
Oid parent_of(Oid table) {
    return call([table] {
        ScanKeyData key;
        ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(table));
        return read_catalog_oid(InheritsRelationId, InheritsRelidSeqnoIndexId, key, [](HeapTuple tuple) {
            return reinterpret_cast<Form_pg_inherits>(GETSTRUCT(tuple))->inhparent;
        });
    });
}

// A table that inherits from this one; InvalidOid if there is none.
Oid child_of(Oid table) {
    return call([table] {
        List* children = find_inheritance_children(table, NoLock);
        return children == NIL ? InvalidOid : linitial_oid(children);
    });
}

// Rows of other tables that a statement on this one reaches, and statements on others that reach its rows, pass the
// triggers by.
std::optional<Lack> lack_of_independence(const Table& table, Relation relation) {
    if (Oid const parent = parent_of(table.oid); OidIsValid(parent)) {
        std::string const name = qualified_relation(parent);
        if (relation->rd_rel->relispartition)
            return Lack{"table " + table.name + " is a partition of table " + name,
                        "ALTER TABLE " + name + " DETACH PARTITION " + table.name};
        return Lack{"table " + table.name + " inherits from table " + name,
                    "ALTER TABLE " + table.name + " NO INHERIT " + name};
    }
    if (relation->rd_rel->relkind != RELKIND_RELATION || !relation->rd_rel->relhassubclass) return std::nullopt;
    Oid const child = child_of(table.oid);
    if (!OidIsValid(child)) return std::nullopt;
    std::string const name = qualified_relation(child);
    return Lack{"table " + name + " inherits from table " + table.name,
                "ALTER TABLE " + name + " NO INHERIT " + table.name};
}

std::optional<Lack> find_lack(const core::Entity& entity, const Table& table, Relation relation) {
    for (const Needed& need : needed)
        if (auto lack = lack_of_column(entity, table, relation, need)) return lack;
    if (auto lack = lack_of_independence(table, relation)) return lack;
    if (OidIsValid(table.external_key_index)) return std::nullopt;
    return Lack{"table " + table.name + " has no valid unique index on tenant_id, external_source and external_id",
                attach_again(entity, table)};
}

}  // namespace

std::optional<core::Fault> why_unusable(const core::Entity& entity, const Table& table) {
    Relation relation = call([&] { return relation_open(table.oid, NoLock); });
    std::optional<Lack> const lack = find_lack(entity, table, relation);
    call([relation] { relation_close(relation, NoLock); });
    if (!lack) return std::nullopt;
    return core::Fault{.code = core::Code::entity_unusable,
                       .path = {},
                       .message = "entity \"" + entity.name + "\" cannot be used: " + lack->what,
                       .value = {},
                       .hint = "Mend it: " + lack->remedy + ";"};
}

}  // namespace eryxon::pg
