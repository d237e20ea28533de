// Loading the registry and keeping it until the catalog or the rules change.
#include "pg/registry/registry.hpp"

#include "core/json/fault_text.hpp"
#include "core/schema/rules.hpp"
#include "pg/registry/catalog.hpp"
#include "pg/registry/datum.hpp"
#include "pg/registry/usable.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/security_context.hpp"
#include "pg/server/spi.hpp"

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
    std::vector<Oid> watched;                  // relations whose change makes the state stale
    std::vector<std::uint32_t> watched_types;  // the same of types, by the hash that the syscache knows them by
    bool stale = true;
};

// Takes no memory: the callbacks may be the first to ask.
Kept& kept() {
    static Kept instance;
    return instance;
}

void on_relation_change(Datum, Oid relation) {
    Kept& now = kept();
    if (!OidIsValid(relation) || std::find(now.watched.begin(), now.watched.end(), relation) != now.watched.end())
        now.stale = true;
}

void on_catalog_change(Datum, int, uint32) {
    kept().stale = true;
}

// Every table that is made or dropped makes or drops a type, so only those that matter count.
void on_type_change(Datum, int, uint32 hash) {
    Kept& now = kept();
    const auto& types = now.watched_types;
    if (hash == 0 || std::find(types.begin(), types.end(), hash) != types.end()) now.stale = true;
}

core::Entity entity_from(const Row& row, core::JsonArena& arena) {
    core::Entity entity;
    entity.name = row.text(0);
    entity.table = row.oid(1);
    entity.singular = row.text(2);
    entity.soft_delete = row.boolean(3);
    entity.calls_only = row.boolean(6);
    core::Json const natural_key = core::parse_json(row.text(4), arena);
    if (!row.is_null(5)) entity.events = row.boolean(5);
    for (const core::Json& field : natural_key.items())
        entity.natural_key.emplace_back(field.text());
    return entity;
}

// The objects of 0.1.0, until they are updated, have no calls_only.
void load_entities(Registry& state) {
    execute(
        "SELECT entity, table_name::pg_catalog.oid, singular, soft_delete, "
        "pg_catalog.to_json(natural_key)::pg_catalog.text, events, "
        "coalesce((pg_catalog.to_jsonb(e) OPERATOR(pg_catalog.->>) 'calls_only')::pg_catalog.bool, false) "
        "FROM eryxon.entity AS e ORDER BY ordinal, entity",
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

// Watches the types that the user made: statements name them.
void watch_types(const Table& table) {
    for (const auto& [number, type] : table.types)
        if (type >= FirstNormalObjectId)
            kept().watched_types.push_back(
                call([of = type] { return GetSysCacheHashValue1(TYPEOID, ObjectIdGetDatum(of)); }));
}

void load_table(Registry& state, core::Entity& entity) {
    Table table = read_table(entity.table);
    watch_types(table);
    entity.columns = read_columns(entity.table);
    for (const core::Column& column : entity.columns) {
        if (column.name == "updated_at") {
            entity.has_updated_at = true;
            entity.updated_at_has_default = column.has_default;
        }
        table.param_types.push_back(param_type_of(column, table));
    }
    table.unusable = why_unusable(entity, table);
    state.tables.emplace(entity.name, std::move(table));
}

// Reads the tables, each under a lock, so that what is read of it belongs together. An entity whose table was dropped
// is left out, and why is remembered.
void load_tables(Registry& state) {
    std::vector<core::Entity> found;
    for (core::Entity& entity : state.schema.entities) {
        Oid const table = entity.table;
        call([table] { LockRelationOid(table, AccessShareLock); });
        if (relation_exists(table)) {
            load_table(state, entity);
            found.push_back(std::move(entity));
        } else {
            state.lost[entity.name] = "the table that entity \"" + entity.name + "\" was attached to no longer exists";
        }
        call([table] { UnlockRelationOid(table, AccessShareLock); });
    }
    state.schema.entities = std::move(found);
}

// The relations that the state is read from: the attached tables with their partitions, and the registry's own.
std::vector<Oid> watched_relations(const Registry& state) {
    std::vector<Oid> relations = registry_relations();
    for (const core::Entity& entity : state.schema.entities) {
        relations.push_back(entity.table);  // also if it is gone: a rollback may bring it back
        if (!relation_exists(entity.table)) continue;
        for (Oid relation : relation_tree(entity.table))
            relations.push_back(relation);
    }
    return relations;
}

// Relations are watched before they are read: what changes while others are read makes the state stale.
std::shared_ptr<const Registry> load() {
    auto state = std::make_shared<Registry>();
    kept().watched = registry_relations();
    kept().watched_types.clear();
    as_extension_owner([&] {
        load_entities(*state);
        load_rules(*state);
    });
    kept().watched = watched_relations(*state);
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

const core::Fault* Registry::unusable(const core::Entity& entity) const {
    const auto& why = tables.at(entity.name).unusable;
    return why ? &*why : nullptr;
}

const Table& Registry::table(const core::Entity& entity) const {
    const Table& found = tables.at(entity.name);
    if (found.unusable) throw core::CallError(*found.unusable);
    return found;
}

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
        forget_plans();
        kept().state = load();
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

void register_catalog_callbacks() {
    CacheRegisterRelcacheCallback(on_relation_change, 0);
    CacheRegisterSyscacheCallback(ENUMOID, on_catalog_change, 0);
    CacheRegisterSyscacheCallback(NAMESPACEOID, on_catalog_change, 0);
    CacheRegisterSyscacheCallback(TYPEOID, on_type_change, 0);
}

}  // namespace eryxon::pg
