// Reads foreign keys from the catalog and prepares the statements that follow them.
#include "pg/registry/foreign_keys.hpp"

#include "core/base/sql_text.hpp"
#include "pg/registry/catalog.hpp"
#include "pg/server/security_context.hpp"
#include "pg/server/spi.hpp"

#include <algorithm>

extern "C" {
#include "catalog/pg_class.h"
#include "nodes/parsenodes.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
}

namespace eryxon::pg {

namespace {

Param oid_array(const std::vector<Oid>& oids) {
    std::vector<Datum> datums(oids.begin(), oids.end());
    return {OIDARRAYOID, call([&] {
                return PointerGetDatum(construct_array(datums.data(), static_cast<int>(datums.size()), OIDOID,
                                                       sizeof(Oid), true, TYPALIGN_INT));
            })};
}

// All attached tables with their partitions.
std::vector<Oid> attached_relations(const Registry& registry) {
    std::vector<Oid> relations;
    for (const core::Entity& entity : registry.schema.entities)
        for (Oid relation : relation_tree(entity.table))
            relations.push_back(relation);
    return relations;
}

// The table's name in FROM: as foreign keys do, without the tables that inherit from it.
std::string from_clause(Oid relation) {
    bool const partitioned = call([relation] { return get_rel_relkind(relation); }) == RELKIND_PARTITIONED_TABLE;
    return (partitioned ? "" : "ONLY ") + qualified_relation(relation);
}

// The child's column, qualified, that refers to the parent's column.
std::string referring(const ForeignKey& key, std::string_view to) {
    for (const ForeignKey::Pair& pair : key.pairs)
        if (pair.to == to) return "c." + quoted(pair.from);
    return {};
}

// Statements of a key that refers to the id: the child's row alone tells its parent.
void write_plain_statements(ForeignKey& key) {
    std::string const id = referring(key, "id"), tenant = referring(key, "tenant_id"), child = from_clause(key.from);
    std::string const same = tenant.empty() ? "" : core::sql(" AND {tenant} == $1", {{"tenant", tenant}});
    std::string const known = tenant.empty() ? "" : " AND " + tenant + " IS NOT NULL";
    std::string const children =
        core::sql("SELECT c.id, {id} FROM {child} c WHERE c.tenant_id == $1 AND {id} == ANY ($2){same}",
                  {{"id", id}, {"child", child}, {"same", same}});
    key.children_sql = children + " AND c.deleted_at IS NULL";
    key.deleted_children_sql = children + " AND c.deleted_at IS NOT NULL";
    key.parents_sql = core::sql(R"(SELECT c.id, {id} FROM {child} c
                                    WHERE c.tenant_id == $1 AND c.id == ANY ($2) AND {id} IS NOT NULL{known})",
                                {{"id", id}, {"child", child}, {"known", known}});
    key.referrers_sql = core::sql(R"(SELECT c.id, {id} FROM {child} c
                                      WHERE $1 == $1 AND {id} == ANY ($2){same} AND c.deleted_at IS NULL LIMIT 1)",
                                  {{"id", id}, {"child", child}, {"same", same}});
}

// How one side's columns of a key stand in the statement that reads their values, and in those that get these.
struct Side {
    std::vector<std::string> read;   // qualified; as text where the type has no arrays
    std::vector<std::string> given;  // the parameters, unnested
};

// The columns of one side; `alias` is that of its table.
Side side_of(const ForeignKey& key, const char* alias, std::string ForeignKey::Pair::*name,
             Oid ForeignKey::Pair::*type) {
    Side side;
    for (const ForeignKey::Pair& pair : key.pairs) {
        Oid const of = pair.*type;
        bool const as_text = !OidIsValid(call([of] { return get_array_type(of); }));
        side.read.push_back(alias + ("." + quoted(pair.*name)) + (as_text ? "::pg_catalog.text" : ""));
        side.given.push_back("pg_catalog.unnest($" + std::to_string(side.given.size() + 3) + ")" +
                             (as_text ? "::" + qualified_type(of) : ""));
    }
    return side;
}

std::string values_statement(const Side& side, const std::string& alias, Oid table) {
    std::string columns = "pg_catalog.array_agg(" + alias + ".id)";
    for (const std::string& column : side.read)
        columns += ", pg_catalog.array_agg(" + column + ")";
    return core::sql("SELECT {columns} FROM {table} {a} WHERE {a}.tenant_id == $1 AND {a}.id == ANY ($2)",
                     {{"columns", columns}, {"table", from_clause(table)}, {"a", alias}});
}

// The values that were read, as a table with columns id, k0, k1 ...
std::string given_table(const Side& side) {
    std::string columns = "pg_catalog.unnest($2) AS id";
    for (std::size_t i = 0; i < side.given.size(); i++)
        columns += ", " + side.given[i] + " AS k" + std::to_string(i);
    return "(SELECT " + columns + ")";
}

// "p.x = c.y AND ..." over all columns; the values of one side are given.
std::string join_condition(const ForeignKey& key, bool parents_given) {
    std::string condition;
    for (std::size_t i = 0; i < key.pairs.size(); i++) {
        const ForeignKey::Pair& pair = key.pairs[i];
        std::string const given = "k" + std::to_string(i);
        condition += (i == 0 ? "p." : " AND p.") + (parents_given ? given : quoted(pair.to)) + " " + pair.equal +
                     " c." + (parents_given ? quoted(pair.from) : given);
    }
    return condition;
}

// Statements of a key that refers to other columns: their values are read first, by the owner of their table.
void write_joined_statements(ForeignKey& key) {
    Side const parents = side_of(key, "p", &ForeignKey::Pair::to, &ForeignKey::Pair::to_type);
    Side const children = side_of(key, "c", &ForeignKey::Pair::from, &ForeignKey::Pair::from_type);
    key.parent_values_sql = values_statement(parents, "p", key.to);
    key.child_values_sql = values_statement(children, "c", key.from);
    std::string const of_parents =
        core::sql("SELECT c.id, p.id FROM {parents} p JOIN {child} c ON {condition} WHERE c.deleted_at IS ",
                  {{"parents", given_table(parents)},
                   {"child", from_clause(key.from)},
                   {"condition", join_condition(key, true)}});
    key.children_sql = of_parents + core::sql("NULL AND c.tenant_id == $1");
    key.deleted_children_sql = of_parents + core::sql("NOT NULL AND c.tenant_id == $1");
    key.referrers_sql = of_parents + core::sql("NULL AND $1 == $1 LIMIT 1");
    key.parents_sql =
        core::sql("SELECT c.id, p.id FROM {children} c JOIN {parent} p ON {condition} WHERE p.tenant_id == $1",
                  {{"children", given_table(children)},
                   {"parent", from_clause(key.to)},
                   {"condition", join_condition(key, false)}});
}

void write_statements(ForeignKey& key) {
    if (key.child != nullptr && key.parent != nullptr)
        key.refers_to_id() ? write_plain_statements(key) : write_joined_statements(key);
    if (key.child == nullptr || key.name.empty()) return;
    key.exists_sql = "SELECT 1 FROM " + from_clause(key.to) + " p WHERE ";
    for (std::size_t i = 0; i < key.pairs.size(); i++)
        key.exists_sql += (i == 0 ? "p." : " AND p.") + quoted(key.pairs[i].to) + " " + key.pairs[i].equal + " $" +
                          std::to_string(i + 1);
}

// One row per column of each foreign key that is not a copy of a partitioned table's.
constexpr const char* foreign_keys_sql = R"(
    SELECT f.oid, f.conname::pg_catalog.text, f.conrelid, f.confrelid, f.confdeltype,
           a.attname::pg_catalog.text, b.attname::pg_catalog.text,
           pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname), b.atttypid, a.atttypid
      FROM pg_catalog.pg_constraint f
     CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(f.conkey), pg_catalog.unnest(f.confkey),
                                   pg_catalog.unnest(f.conpfeqop)) WITH ORDINALITY k(a, b, o, i)
      JOIN pg_catalog.pg_attribute a ON a.attrelid == f.conrelid AND a.attnum == k.a
      JOIN pg_catalog.pg_attribute b ON b.attrelid == f.confrelid AND b.attnum == k.b
      JOIN pg_catalog.pg_operator o ON o.oid == k.o
      JOIN pg_catalog.pg_namespace n ON n.oid == o.oprnamespace
     WHERE f.contype == 'f'::pg_catalog."char" AND f.conparentid == 0::pg_catalog.oid
       AND (f.conrelid == ANY ($1) OR f.confrelid == ANY ($1))
     ORDER BY f.conname, f.oid, k.i)";

ForeignKey key_from(const Row& row, const Registry& registry) {
    ForeignKey key;
    key.name = row.text(1);
    key.from = row.oid(2);
    key.to = row.oid(3);
    key.child = registry.entity_of(key.from);
    key.parent = registry.entity_of(key.to);
    key.on_delete = DatumGetChar(row.datum(4, CHAROID));
    return key;
}

void read_keys(const Registry& registry, const std::vector<Oid>& relations, std::vector<ForeignKey>& keys) {
    Oid last = InvalidOid;
    execute(core::sql(foreign_keys_sql), {oid_array(relations)}, [&](const Row& row) {
        if (row.oid(0) != last) keys.push_back(key_from(row, registry));
        last = row.oid(0);
        keys.back().pairs.push_back(
            {std::string(row.text(5)), std::string(row.text(6)), std::string(row.text(7)), row.oid(8), row.oid(9)});
    });
}

// True if some foreign key leads from the child's column to the parent.
bool is_backed(const std::vector<ForeignKey>& keys, const core::Entity& child, const core::Entity& parent,
               const std::string& column) {
    return std::any_of(keys.begin(), keys.end(), [&](const ForeignKey& key) {
        return key.child == &child && key.parent == &parent &&
               std::any_of(key.pairs.begin(), key.pairs.end(),
                           [&](const ForeignKey::Pair& pair) { return pair.from == column; });
    });
}

// Adds the parent references of rules that no foreign key backs, but one might: what it takes is asked for once more.
void add_references(const Registry& registry, std::vector<ForeignKey>& keys) {
    std::vector<ForeignKey> added;
    for (const core::Entity& child : registry.schema.entities)
        for (const core::Field& field : child.fields) {
            if (!field.reference || !field.reference->parent || !field.mapped()) continue;
            const core::Column& column = child.columns[static_cast<std::size_t>(field.column)];
            const core::Entity* parent = registry.schema.find(field.reference->entity);
            if (parent == nullptr || column.kind != core::ValueKind::uuid) continue;
            if (is_backed(keys, child, *parent, column.name)) continue;
            if (!may_refer(table_owner(child.table), parent->table)) continue;
            ForeignKey key;
            key.from = child.table;
            key.to = parent->table;
            key.child = &child;
            key.parent = parent;
            key.on_delete = FKCONSTR_ACTION_CASCADE;
            key.pairs.push_back({column.name, "id", "OPERATOR(pg_catalog.=)", UUIDOID, UUIDOID});
            added.push_back(std::move(key));
        }
    std::move(added.begin(), added.end(), std::back_inserter(keys));
}

constexpr const char* deferring_sql = R"(
    SELECT t.tgrelid
      FROM pg_catalog.pg_trigger t
      JOIN pg_catalog.pg_proc p ON p.oid == t.tgfoid
      JOIN pg_catalog.pg_namespace n ON n.oid == p.pronamespace
     WHERE t.tgrelid == ANY ($1) AND t.tgenabled == 'O'::pg_catalog."char"
       AND p.proname == 'soft_delete_noted' AND n.nspname == 'eryxon')";

// Finds the tables that, with all the tables they are partitions of, have the trigger at the end of statements.
void read_deferring(const std::vector<Oid>& relations, std::unordered_set<Oid>& deferring) {
    std::unordered_set<Oid> having;
    execute(core::sql(deferring_sql), {oid_array(relations)}, [&](const Row& row) { having.insert(row.oid(0)); });
    for (Oid relation : relations) {
        bool const covered = std::all_of(relations.begin(), relations.end(), [&](Oid other) {
            return having.count(other) != 0 || (other != relation && !is_partition_of(relation, other));
        });
        if (covered) deferring.insert(relation);
    }
}

std::shared_ptr<const ForeignKeys> load(const Registry& registry) {
    auto loaded = std::make_shared<ForeignKeys>();
    std::vector<Oid> const relations = attached_relations(registry);
    read_keys(registry, relations, loaded->keys);
    add_references(registry, loaded->keys);
    for (ForeignKey& key : loaded->keys)
        write_statements(key);
    read_deferring(relations, loaded->deferring);
    return loaded;
}

// The foreign keys of the registry's present state, which is held so that its address stays its own.
struct Kept {
    std::shared_ptr<const Registry> state;
    std::shared_ptr<const ForeignKeys> keys;
};

Kept& kept() {
    static Kept* instance = new Kept;
    return *instance;
}

}  // namespace

bool ForeignKey::refers_to_id() const {
    auto plain = [](const Pair& pair) { return pair.to == "id" || pair.to == "tenant_id"; };
    auto id = [](const Pair& pair) { return pair.to == "id"; };
    return std::all_of(pairs.begin(), pairs.end(), plain) && std::any_of(pairs.begin(), pairs.end(), id);
}

bool ForeignKey::cascades() const {
    return child != nullptr && parent != nullptr && child->soft_delete && on_delete == FKCONSTR_ACTION_CASCADE;
}

bool ForeignKey::forbids() const {
    return child != nullptr && parent != nullptr &&
           (on_delete == FKCONSTR_ACTION_NOACTION || on_delete == FKCONSTR_ACTION_RESTRICT);
}

bool ForeignKey::acts() const {
    return child != nullptr && !name.empty() && on_delete != FKCONSTR_ACTION_NOACTION &&
           on_delete != FKCONSTR_ACTION_RESTRICT;
}

std::shared_ptr<const ForeignKeys> foreign_keys(const Registry& registry) {
    if (kept().state.get() == &registry) return kept().keys;
    auto loaded = load(registry);
    if (auto now = pg::registry(); now.get() == &registry) kept() = {std::move(now), loaded};
    return loaded;
}

}  // namespace eryxon::pg
