// Deleting and restoring single rows of the caller's tenant.
#include "pg/deletes/delete_call.hpp"

#include "core/base/sql_text.hpp"
#include "core/json/json_build.hpp"
#include "pg/deletes/delete_trigger.hpp"
#include "pg/deletes/row_locks.hpp"
#include "pg/deletes/soft_delete.hpp"
#include "pg/events/change_source.hpp"
#include "pg/registry/foreign_keys.hpp"
#include "pg/registry/tenant.hpp"
#include "pg/registry/tenant_lock.hpp"
#include "pg/server/debug_point.hpp"
#include "pg/server/refusal.hpp"
#include "pg/server/settings.hpp"
#include "pg/server/spi.hpp"

#include <algorithm>
#include <optional>
#include <set>

extern "C" {
#include "utils/guc.h"
}

namespace eryxon::pg {

namespace {

// The entities whose rows can go with one of this entity, in dependency order.
std::set<const core::Entity*> entities_below(const Registry& registry, const core::Entity& entity) {
    auto const keys = foreign_keys(registry);
    std::set<const core::Entity*> below;
    for (std::size_t before = below.size() + 1; before != below.size();) {
        before = below.size();
        for (const ForeignKey& key : keys->keys)
            if (key.cascades() && (key.parent == &entity || below.count(key.parent) != 0)) below.insert(key.child);
    }
    return below;
}

// Where triggers of the user's may lock other rows, a delete waits for the tenant's bulk calls, and they for it.
void lock_tenant_if_triggers(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant) {
    if (settings().serialize_tenant == serialize_off) return;
    std::set<const core::Entity*> touched = entities_below(registry, entity);
    touched.insert(&entity);
    bool const foreign = std::any_of(touched.begin(), touched.end(),
                                     [&](const core::Entity* each) { return registry.table(*each).foreign_triggers; });
    if (foreign || settings().serialize_tenant == serialize_on) lock_tenant(tenant, TenantLock::exclusive);
}

// What was done to a row, and how many rows of each entity went along.
struct DeleteResult {
    const char* action;
    core::Uuid id;
    bool hard;
    std::vector<std::pair<const core::Entity*, std::int64_t>> children;
};

// Counts the rows that went along; `count` tells how many of an entity.
template <class Count>
DeleteResult delete_result(const Registry& registry, const core::Entity& entity, const core::Uuid& id,
                           const char* action, bool hard, Count&& count) {
    DeleteResult result{action, id, hard, {}};
    for (const core::Entity* below : entities_below(registry, entity))
        result.children.emplace_back(below, count(*below));
    return result;
}

core::Json answer(const DeleteResult& result, core::JsonArena& arena) {
    core::JsonObject children(arena, result.children.size());
    for (const auto& [entity, count] : result.children)
        children.add(arena.copy(entity->name), core::make_number(count, arena));
    core::JsonObject answer(arena, 4);
    answer.add("action", result.action);
    answer.add("id", core::make_uuid(result.id, arena));
    answer.add("hard", core::Json::boolean(result.hard));
    answer.add("children", children.json());
    return answer.json();
}

// Counts the rows of an entity, without the root.
std::int64_t count_rows(const std::vector<DeletedRow>& rows, const core::Entity& entity, const core::Uuid& root) {
    return std::count_if(rows.begin(), rows.end(),
                         [&](const DeletedRow& row) { return row.entity == &entity && row.id != root; });
}

[[noreturn]] void refuse_unknown(const core::Entity& entity, const std::string& name, const char* what) {
    refuse({core::Code::not_found, entity.singular + " " + name + " " + what});
}

// The state of a row of the tenant, if the caller sees it.
std::optional<RowState> row_state(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
                                  const core::Uuid& id) {
    std::optional<RowState> state;
    execute(core::sql("SELECT deleted_at IS NULL FROM {table} WHERE tenant_id == $1 AND id == $2",
                      {{"table", registry.table(entity).name}}),
            {Param::uuid(tenant), Param::uuid(id)},
            [&](const Row& row) { state = row.boolean(0) ? RowState::live : RowState::deleted; });
    return state;
}

// The same of a row that must be there.
RowState required_row_state(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
                            const core::Uuid& id) {
    std::optional<RowState> const state = row_state(registry, entity, tenant, id);
    if (!state) refuse_unknown(entity, core::to_string(id), "does not exist");
    return *state;
}

DeleteResult soft_delete_row(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
                             const core::Uuid& id) {
    if (required_row_state(registry, entity, tenant, id) == RowState::deleted)
        refuse_unknown(entity, core::to_string(id), "is already deleted");
    require_deletable(registry, entity, tenant, {&id, 1});
    std::vector<DeletedRow> const rows = soft_delete(registry, entity, tenant, {&id, 1});
    if (rows.empty()) refuse_unknown(entity, core::to_string(id), "is already deleted");
    return delete_result(registry, entity, id, "deleted", false,
                         [&](const core::Entity& below) { return count_rows(rows, below, id); });
}

// Runs the DELETE with eryxon.hard_delete on. After an error the setting falls back with the (sub)transaction.
std::uint64_t run_hard_delete(const Table& table, const core::Uuid& tenant, const core::Uuid& id) {
    int const level = call([] {
        int const nest = NewGUCNestLevel();
        set_config_option("eryxon.hard_delete", "on", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
        return nest;
    });
    std::uint64_t const gone =
        execute(core::sql("DELETE FROM {table} WHERE tenant_id == $1 AND id == $2", {{"table", table.name}}),
                {Param::uuid(tenant), Param::uuid(id)});
    call([level] { AtEOXact_GUC(true, level); });
    return gone;
}

DeleteResult hard_delete_row(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
                             const core::Uuid& id) {
    required_row_state(registry, entity, tenant, id);
    const Table& table = registry.table(entity);
    HardDeleteCounter const counter;
    std::uint64_t const gone = run_hard_delete(table, tenant, id);
    if (gone == 0 && row_state(registry, entity, tenant, id))
        refuse({core::Code::access_denied,
                "a policy or trigger prevents " + entity.singular + " " + core::to_string(id) + " from being deleted",
                "The row must pass the table's DELETE policies.", table.oid});
    if (gone == 0) refuse_unknown(entity, core::to_string(id), "does not exist");
    std::int64_t const root = entity.soft_delete ? 1 : 0;
    return delete_result(registry, entity, id, "deleted", true, [&](const core::Entity& below) {
        return counter.of(below.name) - (&below == &entity ? root : 0);
    });
}

// Refuses to delete an operation that is in progress, or what one belongs to. The rows stay locked, so that none starts
// meanwhile.
void refuse_running(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
                    const core::Uuid& id) {
    execute(core::sql("SELECT true FROM {table} WHERE tenant_id == $1 AND id == $2 FOR UPDATE",
                      {{"table", registry.table(entity).name}}),
            {Param::uuid(tenant), Param::uuid(id)});
    if (read_progress(registry, entity, tenant, {&id, 1}).front().running)
        refuse({core::Code::in_progress, "an operation is in progress", "Use force = true to delete it anyway."});
}

DeleteResult delete_found(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
                          const core::Uuid& id, const DeleteMode& mode) {
    try {
        if (!mode.force) refuse_running(registry, entity, tenant, id);
        return mode.hard || !entity.soft_delete ? hard_delete_row(registry, entity, tenant, id)
                                                : soft_delete_row(registry, entity, tenant, id);
    } catch (const Error& error) {
        refuse(error);
    }
}

// The id of the row with that external key, live or, for a hard delete, not.
core::Uuid find_external(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
                         std::string_view source, std::string_view external_id) {
    std::optional<core::Uuid> id;
    execute(core::sql("SELECT id FROM {table} WHERE tenant_id == $1 AND external_source == $2 AND external_id == $3",
                      {{"table", registry.table(entity).name}}),
            {Param::uuid(tenant), Param::text(source), Param::text(external_id)},
            [&](const Row& row) { id = row.uuid(0); });
    if (!id)
        refuse_unknown(entity, "\"" + std::string(external_id) + "\" of source \"" + std::string(source) + "\"",
                       "does not exist");
    return *id;
}

// The same, locked: no other session gives the row another key any more.
core::Uuid lock_external(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
                         std::string_view source, std::string_view external_id) {
    const Table& table = registry.table(entity);
    while (true) {
        core::Uuid const id = find_external(registry, entity, tenant, source, external_id);
        require_delete_privilege(table);
        debug_point(DebugPoint::found);
        for (RowState const state : {RowState::live, RowState::deleted})
            lock_rows_as_owner(table, tenant, {id}, state, RowLock::update);
        if (find_external(registry, entity, tenant, source, external_id) == id) return id;
    }
}

DeleteResult restore_found(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
                           const core::Uuid& id) {
    try {
        std::vector<DeletedRow> const rows = restore_cascades(registry, entity, tenant, {&id, 1}, true);
        return delete_result(registry, entity, id, "restored", false,
                             [&](const core::Entity& below) { return count_rows(rows, below, id); });
    } catch (const Error& error) {
        if (error.is(ERRCODE_UNIQUE_VIOLATION))
            refuse(error,
                   "A live row took the value meanwhile. Change or delete that row first; nothing was restored.");
        refuse(error);
    }
}

// What a call works on.
struct Target {
    const Registry& registry;
    const core::Entity& entity;
    core::Uuid tenant;
};

// Runs the work on an entity and the caller's tenant, and returns the answer to its result.
template <class Work>
core::Json run_on_entity(std::string_view name, core::JsonArena& arena, Work&& work) {
    core::Json result;
    with_spi([&] {
        auto const state = locked_registry({&name, 1});
        Target const on{*state, state->entity(name), tenant_id()};
        lock_tenant_if_triggers(on.registry, on.entity, on.tenant);
        result = answer(work(on), arena);
    });
    return result;
}

}  // namespace

core::Json delete_row(std::string_view name, const core::Uuid& id, const DeleteMode& mode, core::JsonArena& arena) {
    return run_on_entity(name, arena,
                         [&](const Target& on) { return delete_found(on.registry, on.entity, on.tenant, id, mode); });
}

core::Json delete_external(std::string_view name, std::string_view source, std::string_view external_id,
                           const DeleteMode& mode, core::JsonArena& arena) {
    return run_on_entity(name, arena, [&](const Target& on) {
        core::Uuid const id = lock_external(on.registry, on.entity, on.tenant, source, external_id);
        ChangeSource const changed_by({source});
        return delete_found(on.registry, on.entity, on.tenant, id, mode);
    });
}

core::Json restore_row(std::string_view name, const core::Uuid& id, core::JsonArena& arena) {
    return run_on_entity(name, arena, [&](const Target& on) {
        if (required_row_state(on.registry, on.entity, on.tenant, id) == RowState::live)
            refuse_unknown(on.entity, core::to_string(id), "is not deleted");
        return restore_found(on.registry, on.entity, on.tenant, id);
    });
}

}  // namespace eryxon::pg
