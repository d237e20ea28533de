// Loading the registry and keeping it until the catalog or the rules change.
#include "pg/registry.hpp"

#include "core/fault_text.hpp"
#include "core/rules.hpp"
#include "pg/boundary.hpp"
#include "pg/catalog.hpp"
#include "pg/datum.hpp"
#include "pg/owner.hpp"
#include "pg/spi.hpp"

#include <algorithm>

extern "C" {
#include "storage/lmgr.h"
#include "utils/inval.h"
#include "utils/syscache.h"
}

namespace eryxon::pg {

namespace {

struct Kept {
    std::shared_ptr<const Registry> state;
    std::vector<Oid> watched;  // relations whose change makes the state stale
    bool stale = true;
};

Kept& kept() {
    static Kept* instance = new Kept;
    return *instance;
}

void on_relation_change(Datum, Oid relation) {
    Kept& now = kept();
    if (!OidIsValid(relation) || std::find(now.watched.begin(), now.watched.end(), relation) != now.watched.end())
        now.stale = true;
}

void on_catalog_change(Datum, int, uint32) {
    kept().stale = true;
}

core::Entity entity_from(const Row& row, core::JsonArena& arena) {
    core::Entity entity;
    entity.name = row.text(0);
    entity.table = DatumGetObjectId(row.datum(1));
    entity.singular = row.text(2);
    entity.soft_delete = row.boolean(3);
    core::Json const natural_key = core::parse_json(row.text(4), arena);
    if (!row.is_null(5)) entity.events = row.boolean(5);
    for (const core::Json& field : natural_key.items())
        entity.natural_key.emplace_back(field.text());
    return entity;
}

void load_entities(Registry& state) {
    execute(
        "SELECT entity, table_name::pg_catalog.oid, singular, soft_delete, "
        "pg_catalog.to_json(natural_key)::pg_catalog.text, events "
        "FROM eryxon.entity ORDER BY ordinal, entity",
        {}, [&](const Row& row) { state.schema.entities.push_back(entity_from(row, state.schema.arena)); });
}

void load_rules(Registry& state) {
    execute(
        "SELECT entity, field, rule::pg_catalog.text FROM eryxon.field WHERE rule IS NOT NULL ORDER BY entity, field "
        "COLLATE "
        "pg_catalog.\"C\"",
        {}, [&](const Row& row) {
            for (core::Entity& entity : state.schema.entities) {
                if (entity.name != row.text(0)) continue;
                core::Json const rule = core::parse_json(row.text(2), state.schema.arena);
                entity.fields.push_back(core::read_rule(row.text(1), rule, state.schema.arena));
            }
        });
}

// Takes an entity whose table was dropped out of the schema, and remembers why.
void drop_lost_entities(Registry& state) {
    std::erase_if(state.schema.entities, [&](const core::Entity& entity) {
        if (relation_exists(entity.table)) return false;
        state.lost[entity.name] = "the table that entity \"" + entity.name + "\" was attached to no longer exists";
        return true;
    });
}

void load_tables(Registry& state) {
    for (core::Entity& entity : state.schema.entities) {
        Table table = read_table(entity.table);
        entity.columns = read_columns(entity.table);
        for (const core::Column& column : entity.columns) {
            if (column.name == "updated_at") {
                entity.has_updated_at = true;
                entity.updated_at_has_default = column.has_default;
            }
            table.carriers.push_back(carrier_of(column, table));
        }
        state.tables.emplace(entity.name, std::move(table));
    }
}

// The relations that the state was read from: the attached tables with their partitions, and the registry's own.
std::vector<Oid> watched_relations(const Registry& state) {
    std::vector<Oid> relations = registry_relations();
    for (const core::Entity& entity : state.schema.entities)
        for (Oid relation : relation_tree(entity.table))
            relations.push_back(relation);
    return relations;
}

std::shared_ptr<const Registry> load() {
    auto state = std::make_shared<Registry>();
    as_extension_owner([&] {
        load_entities(*state);
        load_rules(*state);
    });
    drop_lost_entities(*state);
    load_tables(*state);
    core::link(state->schema);
    return state;
}

// Adds the entity and what its records refer to or carry.
void add_related(const core::Schema& schema, std::string_view name, std::vector<const core::Entity*>& related) {
    const core::Entity* entity = schema.find(name);
    if (entity == nullptr || std::find(related.begin(), related.end(), entity) != related.end()) return;
    related.push_back(entity);
    for (const core::Field& field : entity->fields)
        if (field.reference) add_related(schema, field.reference->entity, related);
    for (const core::Entity::Children& children : entity->children)
        add_related(schema, children.entity, related);
}

// Locks the tables in dependency order.
void lock_tables(const core::Schema& schema, std::span<const std::string_view> names) {
    std::vector<const core::Entity*> related;
    for (std::string_view name : names)
        add_related(schema, name, related);
    std::sort(related.begin(), related.end(),
              [](const core::Entity* a, const core::Entity* b) { return a->order < b->order; });
    for (const core::Entity* entity : related)
        call([entity] { LockRelationOid(entity->table, AccessShareLock); });
}

}  // namespace

const core::Entity& Registry::entity(std::string_view name) const {
    if (const core::Entity* found = schema.find(name)) return *found;
    if (auto gone = lost.find(std::string(name)); gone != lost.end())
        throw core::CallError(core::Code::unknown_entity, gone->second,
                              "Call eryxon_detach, then eryxon_attach with the table that holds it now.");
    throw core::CallError(core::Code::unknown_entity, "unknown entity " + core::quoted(name),
                          "Attach a table with eryxon_attach(entity, table), or make all five with "
                          "eryxon_create_tables().");
}

const core::Entity* Registry::entity_of(Oid table) const {
    for (const core::Entity& entity : schema.entities)
        if (entity.table == table || is_partition_of(table, entity.table)) return &entity;
    return nullptr;
}

std::shared_ptr<const Registry> registry() {
    call([] { AcceptInvalidationMessages(); });
    while (kept().stale || kept().state == nullptr) {
        kept().stale = false;
        kept().state = nullptr;
        kept().watched = registry_relations();
        forget_plans();
        auto state = load();
        kept().watched = watched_relations(*state);
        kept().state = std::move(state);
    }
    return kept().state;
}

std::shared_ptr<const Registry> locked_registry(std::span<const std::string_view> entities) {
    auto state = registry();
    while (true) {
        lock_tables(state->schema, entities);
        auto const now = registry();
        if (now == state) return state;
        state = now;
    }
}

void watch_catalog() {
    CacheRegisterRelcacheCallback(on_relation_change, 0);
    CacheRegisterSyscacheCallback(ENUMOID, on_catalog_change, 0);
    CacheRegisterSyscacheCallback(NAMESPACEOID, on_catalog_change, 0);
}

}  // namespace eryxon::pg
