// The triggers on attached tables.
#include "pg/deletes/delete_trigger.hpp"

#include "core/base/sql_text.hpp"
#include "pg/deletes/deferred_deletes.hpp"
#include "pg/deletes/soft_delete.hpp"
#include "pg/registry/catalog.hpp"
#include "pg/registry/foreign_keys.hpp"
#include "pg/registry/registry.hpp"
#include "pg/server/refusal.hpp"
#include "pg/server/security_context.hpp"
#include "pg/server/settings.hpp"
#include "pg/server/spi.hpp"

#include <map>

extern "C" {
#include "utils/rel.h"
}

namespace eryxon::pg {

namespace {

HardDeleteCounter* hard_delete_counter = nullptr;
DeletePolicyProbe* policy_probe = nullptr;

// The row that fires the trigger, with its columns by name.
class FiringRow {
public:
    explicit FiringRow(const TriggerData& trigger) : relation_(trigger.tg_relation), tuple_(trigger.tg_trigtuple) {}

    Oid table() const { return RelationGetRelid(relation_); }
    Param value(const std::string& column) const;
    bool is_null(const std::string& column) const { return value(column).null; }
    core::Uuid uuid(const std::string& column) const;

private:
    Relation relation_;
    HeapTuple tuple_;
};

// The column's value as a parameter of the column's type.
Param FiringRow::value(const std::string& column) const {
    return call([&] {
        TupleDesc const descriptor = RelationGetDescr(relation_);
        int const number = SPI_fnumber(descriptor, column.c_str());
        if (number <= 0) elog(ERROR, "column \"%s\" not found", column.c_str());
        Param param{SPI_gettypeid(descriptor, number)};
        param.value = SPI_getbinval(tuple_, descriptor, number, &param.null);
        return param;
    });
}

core::Uuid FiringRow::uuid(const std::string& column) const {
    Param const param = value(column);
    if (param.null)
        refuse({core::Code::not_null, "a row without \"" + column + "\" cannot be marked as deleted",
                "Under SET LOCAL eryxon.hard_delete = on, DELETE removes it.", table()});
    if (param.type != UUIDOID) throw std::logic_error("column \"" + column + "\" is no uuid");
    core::Uuid uuid;
    memcpy(uuid.data(), DatumGetUUIDP(param.value)->data, uuid.size());
    return uuid;
}

// True if the row that the key refers to is not there.
bool is_dangling(const ForeignKey& key, const FiringRow& row) {
    std::vector<Param> values;
    for (const ForeignKey::Pair& pair : key.pairs)
        values.push_back(row.value(pair.from));
    for (const Param& value : values)
        if (value.null) return false;
    return as_table_owner(key.to, [&] { return execute(key.exists_sql, values) == 0; });
}

// True if the row goes because one it refers to went: kept, it would be an orphan.
bool is_carried_away(const ForeignKeys& keys, const core::Entity& entity, const FiringRow& row) {
    for (const ForeignKey& key : keys.keys) {
        if (key.child != &entity || !key.acts()) continue;
        bool const applies =
            key.from == entity.table || key.from == row.table() || is_partition_of(row.table(), key.from);
        if (applies && is_dangling(key, row)) return true;
    }
    return false;
}

// The row really goes: what is known of its soft delete goes with it.
void let_go(const core::Entity& entity, const FiringRow& row) {
    if (hard_delete_counter != nullptr) hard_delete_counter->add(entity.name);
    if (row.is_null("deleted_at") || row.is_null("tenant_id") || row.is_null("id")) return;
    core::Uuid const tenant = row.uuid("tenant_id"), id = row.uuid("id");
    as_extension_owner([&] {
        execute(core::sql("DELETE FROM eryxon.soft_delete WHERE tenant_id == $1 AND row_entity == $2 AND row_id == $3"),
                {Param::uuid(tenant), Param::text(entity.name), Param::uuid(id)});
    });
}

// The entity of the table; refuses if there is none or it cannot be used.
const core::Entity& attached_entity(const Registry& registry, Oid table) {
    if (const core::Entity* entity = registry.entity_of(table)) {
        registry.table(*entity);
        return *entity;
    }
    refuse({core::Code::unknown_entity,
            "the table is not attached to an entity",
            "Attach it with eryxon_attach(), or drop its trigger that calls eryxon.soft_delete().",
            table,
            {},
            "55000"});
}

// True if a trigger at the end of the statement will handle what is deferred. Ours do not fire on a replica, but a user
// may have the one for each row fire there.
bool ends_in_trigger(const ForeignKeys& keys, Oid table) {
    return SessionReplicationRole != SESSION_REPLICATION_ROLE_REPLICA && keys.deferring.count(table) != 0;
}

// Decides on the row. Returns true if it is to go.
bool handle_row(const TriggerData& trigger) {
    std::shared_ptr<const Registry> const state = registry();
    FiringRow const row(trigger);
    const core::Entity& entity = attached_entity(*state, row.table());
    if (policy_probe != nullptr && !row.is_null("id") && policy_probe->note(entity.table, row.uuid("id"))) return false;
    auto const keys = foreign_keys(*state);
    bool const real = settings().hard_delete || !entity.soft_delete || entity.calls_only;
    if (real || is_carried_away(*keys, entity, row)) {
        let_go(entity, row);
        return true;
    }
    if (!row.is_null("deleted_at")) return false;
    core::Uuid const tenant = row.uuid("tenant_id"), id = row.uuid("id");
    if (ends_in_trigger(*keys, row.table()))
        defer_delete(entity.table, tenant, id);
    else
        soft_delete(*state, entity, tenant, {&id, 1});
    return false;
}

// Of a table that cannot be used any more: a DELETE may have reached rows that have no trigger of ours.
void require_usable(Oid table) {
    with_spi([&] {
        std::shared_ptr<const Registry> const state = registry();
        if (const core::Entity* entity = state->entity_of(table)) state->table(*entity);
    });
}

}  // namespace

HeapTuple on_delete(const TriggerData& trigger) {
    if (take_partition_move(RelationGetRelid(trigger.tg_relation), trigger.tg_trigtuple->t_self))
        return trigger.tg_trigtuple;
    bool goes = false;
    with_spi([&] { goes = handle_row(trigger); });
    return goes ? trigger.tg_trigtuple : nullptr;
}

void on_delete_end(const TriggerData& trigger) {
    std::vector<DeferredDelete> const deferred = take_deferred_deletes();
    if (deferred.empty()) return require_usable(RelationGetRelid(trigger.tg_relation));
    std::map<std::pair<Oid, core::Uuid>, std::vector<core::Uuid>> groups;
    for (const DeferredDelete& row : deferred)
        groups[{row.relation, row.tenant}].push_back(row.id);
    with_spi([&] {
        std::shared_ptr<const Registry> const state = registry();
        for (const auto& [of, ids] : groups)
            soft_delete(*state, attached_entity(*state, of.first), of.second, ids, RootOrder::topmost_first);
    });
}

HeapTuple on_update_of_tenant(const TriggerData& trigger) {
    note_partition_move(RelationGetRelid(trigger.tg_relation), trigger.tg_trigtuple->t_self);
    return trigger.tg_newtuple;
}

HardDeleteCounter::HardDeleteCounter() : outer_(hard_delete_counter) {
    hard_delete_counter = this;
}

HardDeleteCounter::~HardDeleteCounter() {
    hard_delete_counter = outer_;
}

std::int64_t HardDeleteCounter::of(const std::string& entity) const {
    auto const found = counts_.find(entity);
    return found == counts_.end() ? 0 : found->second;
}

DeletePolicyProbe::DeletePolicyProbe(Oid table, std::span<const core::Uuid> ids)
    : outer_(policy_probe), table_(table), ids_(ids.begin(), ids.end()) {
    policy_probe = this;
}

DeletePolicyProbe::~DeletePolicyProbe() {
    policy_probe = outer_;
}

bool DeletePolicyProbe::note(Oid table, const core::Uuid& id) {
    if (table != table_ || ids_.count(id) == 0) return false;
    passed_.insert(id);
    return true;
}

}  // namespace eryxon::pg
