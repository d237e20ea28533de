// Reads foreign keys from the catalog and prepares the statements that follow them.
#include "pg/registry/foreign_keys.hpp"

#include "pg/registry/catalog.hpp"
#include "pg/server/owner.hpp"
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

// Marks statements that run as a table's owner: their plans see past its row level security, others' must not.
constexpr const char* as_owner_mark = "/* owner */ ";

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

constexpr const char* equals = " OPERATOR(pg_catalog.=) ";

// Statements of a key that refers to the id: the child's row alone tells its parent.
void write_plain_statements(ForeignKey& key) {
    std::string const id = referring(key, "id");
    std::string const tenant = referring(key, "tenant_id");
    std::string const tenant_matches = tenant.empty() ? "" : " AND " + tenant + equals + "$1";
    std::string const select = as_owner_mark + ("SELECT c.id, " + id) + " FROM " + from_clause(key.from) + " c WHERE ";
    std::string const of_parents = id + equals + "ANY ($2)" + tenant_matches + " AND c.deleted_at IS NULL";
    key.children_sql = select + "c.tenant_id" + equals + "$1 AND " + of_parents;
    key.parents_sql = select + "c.tenant_id" + equals + "$1 AND c.id" + equals + "ANY ($2) AND " + id + " IS NOT NULL" +
                      (tenant.empty() ? "" : " AND " + tenant + " IS NOT NULL");
    key.referrers_sql = select + "$1" + equals + "$1 AND " + of_parents + " LIMIT 1";
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
    return as_owner_mark + ("SELECT " + columns) + " FROM " + from_clause(table) + " " + alias + " WHERE " + alias +
           ".tenant_id" + equals + "$1 AND " + alias + ".id" + equals + "ANY ($2)";
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
    std::string const select = as_owner_mark + std::string("SELECT c.id, p.id FROM ");
    std::string const of_parents = select + given_table(parents) + " p JOIN " + from_clause(key.from) + " c ON " +
                                   join_condition(key, true) + " WHERE c.deleted_at IS NULL AND ";
    key.children_sql = of_parents + "c.tenant_id" + equals + "$1";
    key.referrers_sql = of_parents + "$1" + equals + "$1 LIMIT 1";
    key.parents_sql = select + given_table(children) + " c JOIN " + from_clause(key.to) + " p ON " +
                      join_condition(key, false) + " WHERE p.tenant_id" + equals + "$1";
}

void write_statements(ForeignKey& key) {
    if (key.child != nullptr && key.parent != nullptr)
        key.refers_to_id() ? write_plain_statements(key) : write_joined_statements(key);
    if (key.child == nullptr || key.name.empty()) return;
    key.exists_sql = as_owner_mark + ("SELECT 1 FROM " + from_clause(key.to)) + " p WHERE ";
    for (std::size_t i = 0; i < key.pairs.size(); i++)
        key.exists_sql += (i == 0 ? "p." : " AND p.") + quoted(key.pairs[i].to) + " " + key.pairs[i].equal + " $" +
                          std::to_string(i + 1);
}

// One row per column of each foreign key that is not a copy of a partitioned table's.
constexpr const char* foreign_keys_sql =
    "SELECT f.oid, f.conname::pg_catalog.text, f.conrelid, f.confrelid, f.confdeltype, "
    "a.attname::pg_catalog.text, b.attname::pg_catalog.text, "
    "'OPERATOR('::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.quote_ident(n.nspname::pg_catalog.text) "
    "OPERATOR(pg_catalog.||) '.'::pg_catalog.text OPERATOR(pg_catalog.||) o.oprname::pg_catalog.text "
    "OPERATOR(pg_catalog.||) ')'::pg_catalog.text, b.atttypid, a.atttypid "
    "FROM pg_catalog.pg_constraint f "
    "CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(f.conkey), "
    "pg_catalog.unnest(f.confkey), pg_catalog.unnest(f.conpfeqop)) WITH ORDINALITY k(a, b, o, i) "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) f.conrelid AND a.attnum "
    "OPERATOR(pg_catalog.=) k.a "
    "JOIN pg_catalog.pg_attribute b ON b.attrelid OPERATOR(pg_catalog.=) f.confrelid AND b.attnum "
    "OPERATOR(pg_catalog.=) k.b "
    "JOIN pg_catalog.pg_operator o ON o.oid OPERATOR(pg_catalog.=) k.o "
    "JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) o.oprnamespace "
    "WHERE f.contype OPERATOR(pg_catalog.=) 'f'::pg_catalog.\"char\" AND f.conparentid OPERATOR(pg_catalog.=) "
    "0::pg_catalog.oid "
    "AND (f.conrelid OPERATOR(pg_catalog.=) ANY ($1) OR f.confrelid OPERATOR(pg_catalog.=) ANY ($1)) "
    "ORDER BY f.conname, f.oid, k.i";

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
    execute(foreign_keys_sql, {oid_array(relations)}, [&](const Row& row) {
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

constexpr const char* noted_sql =
    "SELECT t.tgrelid FROM pg_catalog.pg_trigger t "
    "JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) t.tgfoid "
    "JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace "
    "WHERE t.tgrelid OPERATOR(pg_catalog.=) ANY ($1) AND t.tgenabled OPERATOR(pg_catalog.=) 'O'::pg_catalog.\"char\" "
    "AND p.proname OPERATOR(pg_catalog.=) 'soft_delete_noted' AND n.nspname OPERATOR(pg_catalog.=) 'eryxon'";

// Finds the tables that, with all the tables they are partitions of, have the trigger at the end of statements.
void read_noted(const std::vector<Oid>& relations, std::unordered_set<Oid>& noted) {
    std::unordered_set<Oid> having;
    execute(noted_sql, {oid_array(relations)}, [&](const Row& row) { having.insert(row.oid(0)); });
    for (Oid relation : relations) {
        bool const covered = std::all_of(relations.begin(), relations.end(), [&](Oid other) {
            return having.count(other) != 0 || (other != relation && !is_partition_of(relation, other));
        });
        if (covered) noted.insert(relation);
    }
}

std::shared_ptr<const ForeignKeys> load(const Registry& registry) {
    auto loaded = std::make_shared<ForeignKeys>();
    std::vector<Oid> const relations = attached_relations(registry);
    read_keys(registry, relations, loaded->keys);
    add_references(registry, loaded->keys);
    for (ForeignKey& key : loaded->keys)
        write_statements(key);
    read_noted(relations, loaded->noted);
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
