// Running a call: prepare, plan waves, write them, all in one subtransaction that is begun again where that helps.
#include "pg/deletes/soft_delete.hpp"
#include "pg/events/change_source.hpp"
#include "pg/registry/tenant_lock.hpp"
#include "pg/server/scratch.hpp"
#include "pg/server/settings.hpp"
#include "pg/server/subtransaction.hpp"
#include "pg/upsert/steps.hpp"

#include <algorithm>

extern "C" {
#include "access/xact.h"
}

namespace eryxon::pg {

namespace {

// How often a call that was a deadlock's victim tries again, alone for its tenant.
constexpr int max_deadlock_retries = 2;

bool any_node(const Bulk& bulk, bool (*test)(const Node&)) {
    return std::any_of(bulk.batches.begin(), bulk.batches.end(),
                       [&](const Batch& batch) { return std::any_of(batch.nodes.begin(), batch.nodes.end(), test); });
}

bool refers_to_own_kind(const Node& node) {
    const auto& references = node.record->references;
    return std::any_of(references.begin(), references.end(), [&](const core::ReferenceValue& reference) {
        return reference.field->reference->entity == node.entity().name &&
               reference.by != core::ReferenceValue::By::null;
    });
}

bool has_foreign_triggers(const Bulk& bulk) {
    return std::any_of(bulk.batches.begin(), bulk.batches.end(), [&](const Batch& batch) {
        return std::any_of(batch.nodes.begin(), batch.nodes.end(),
                           [&](const Node& node) { return bulk.registry.table(node.entity()).foreign_triggers; });
    });
}

// True if the call's locks cannot all be taken in key order, so that it has to be alone for its tenant.
bool is_unordered(const Bulk& bulk) {
    auto const chunk_size = static_cast<std::size_t>(settings().chunk_size);
    if (bulk.options.adopt || bulk.options.children == core::ChildrenStrategy::replace) return true;
    if (std::any_of(bulk.batches.begin(), bulk.batches.end(),
                    [&](const Batch& batch) { return batch.units.size() > chunk_size; }))
        return true;
    return any_node(bulk, [](const Node& node) {
        return node.repeated || node.record->operation == core::Operation::remove || refers_to_own_kind(node);
    });
}

TenantLock first_lock(const Bulk& bulk) {
    switch (settings().serialize_tenant) {
        case serialize_on:
            return TenantLock::exclusive;
        case serialize_off:
            return TenantLock::none;
        default:
            return has_foreign_triggers(bulk) || is_unordered(bulk) ? TenantLock::exclusive : TenantLock::shared;
    }
}

// Takes the tenant's lock, unless the call has it.
void lock_tenant(Bulk& bulk) {
    if (bulk.locked || bulk.lock == TenantLock::none) return;
    lock_tenant(bulk.tenant, bulk.lock);
    bulk.locked = true;
}

bool has_plan(const Unit& unit, Plan plan) {
    return std::any_of(unit.nodes.begin(), unit.nodes.end(), [plan](const Node* node) { return node->plan == plan; });
}

bool has_repeated(const Unit& unit) {
    return std::any_of(unit.nodes.begin(), unit.nodes.end(), [](const Node* node) { return node->repeated; });
}

// The units that something is to be done for. A unit that looks unchanged now may not be so any more once others
// have been written: records of the same key, or any where rows with what belongs to them come and go. With children
// = replace unchanged records, too, may leave children out that the database has.
std::vector<Unit*> pending_units(Bulk& bulk, Batch& batch) {
    std::vector<Unit*> units, all;
    all.reserve(batch.units.size());
    bool const replaces = bulk.options.children == core::ChildrenStrategy::replace;
    bool spreads = replaces;
    for (Unit& unit : batch.units) {
        all.push_back(&unit);
        if (unit.pending() || unit.faulty()) units.push_back(&unit);
        spreads |= has_plan(unit, Plan::remove) || has_plan(unit, Plan::restore);
    }
    if (units.empty() && !(replaces && has_missing(bulk, batch.by_entity))) return units;
    if (spreads) return all;
    std::vector<Unit*> with_repeated;
    for (Unit* unit : all)
        if (unit->pending() || unit->faulty() || has_repeated(*unit)) with_repeated.push_back(unit);
    return with_repeated;
}

// Records whose rows come or go touch rows that no order covers.
void require_order(const Bulk& bulk, std::span<Unit* const> units, std::size_t waves) {
    if (bulk.lock != TenantLock::shared) return;
    bool const disorderly = waves > 1 || std::any_of(units.begin(), units.end(), [](const Unit* unit) {
                                return has_plan(*unit, Plan::restore) || has_plan(*unit, Plan::remove);
                            });
    if (disorderly) throw Restart{TenantLock::exclusive};
}

// Writes one wave. Later waves look at the database anew.
void run_wave(Bulk& bulk, Batch& batch, std::span<Unit* const> units) {
    RowImages const before = bulk.shows_changes() ? read_images(bulk, units) : RowImages();
    apply_units(bulk, batch, units);
    if (bulk.shows_changes()) note_changes(bulk, units, before);
}

void run_waves(Bulk& bulk, Batch& batch, std::span<Unit* const> units) {
    auto const waves = core::plan_waves(claims_of(bulk, batch, units));
    require_order(bulk, units, waves.size());
    for (std::size_t wave = 0; wave < waves.size(); wave++) {
        std::vector<Unit*> members;
        for (std::uint32_t position : waves[wave])
            members.push_back(units[position]);
        if (wave > 0) {
            NodeGroups const groups = group_nodes(nodes_of(members));
            look_up(bulk, groups);
            prepare(bulk, batch, groups);
            claims_of(bulk, batch, members);
        }
        run_wave(bulk, batch, members);
    }
}

void run_batch(Bulk& bulk, Batch& batch) {
    const NodeGroups& groups = batch.by_entity;
    look_up(bulk, groups);
    if (pending_units(bulk, batch).empty()) return;
    bool const waited = !bulk.locked;
    lock_tenant(bulk);
    if (waited && bulk.lock == TenantLock::exclusive) look_up(bulk, groups);
    std::vector<Unit*> const units = pending_units(bulk, batch);
    if (units.empty()) return;
    check_sources(bulk, batch);
    prepare(bulk, batch, group_nodes(nodes_of(units)));
    run_waves(bulk, batch, units);
}

// The sources of the records that were sent, each once.
std::vector<std::string_view> sent_sources(const Bulk& bulk) {
    std::vector<std::string_view> sources;
    for (const Batch& batch : bulk.batches)
        for (const core::Record& record : batch.records)
            if (record.has_key && std::find(sources.rbegin(), sources.rend(), record.source) == sources.rend())
                sources.push_back(record.source);
    return sources;
}

void reset(Bulk& bulk) {
    bulk.locked = false;
    bulk.writing = nullptr;
    for (Batch& batch : bulk.batches)
        for (Unit& unit : batch.units) {
            unit.state = Unit::State::open;
            unit.removes_first = false;
            unit.removed.clear();
            unit.changes.clear();
        }
}

void attempt(Bulk& bulk) {
    auto const work = [&] {
        for (Batch& batch : bulk.batches)
            run_batch(bulk, batch);
    };
    if (bulk.dry())
        Subtransaction::run_and_roll_back(work);
    else
        Subtransaction::run_or_throw(work);
}

bool may_retry(const Bulk& bulk, const Error& error, int retries) {
    return error.is(ERRCODE_T_R_DEADLOCK_DETECTED) && retries < max_deadlock_retries && bulk.lock != TenantLock::none &&
           !IsolationUsesXactSnapshot();
}

// Deletions that would take running work with them are refused unless forced.
void refuse_running(Bulk& bulk, const NodeGroups& groups) {
    if (bulk.options.force) return;
    for (const auto& [order, nodes] : groups) {
        std::vector<Node*> removed;
        std::vector<core::Uuid> ids;
        for (Node* node : nodes) {
            if (node->plan != Plan::remove) continue;
            removed.push_back(node);
            ids.push_back(node->id);
        }
        if (removed.empty()) continue;
        auto const progress = read_progress(bulk.registry, removed.front()->entity(), bulk.tenant, ids);
        for (std::size_t i = 0; i < removed.size(); i++)
            if (progress[i].running)
                removed[i]->fail(core::Code::in_progress, "", "an operation is in progress",
                                 "Option force = true deletes it all the same.");
    }
}

}  // namespace

void check_creation(Bulk& bulk, const NodeGroups& groups) {
    for (const auto& [order, nodes] : groups)
        for (Node* node : nodes) {
            if (node->plan != Plan::create) continue;
            if (bulk.options.mode == core::Mode::update) {
                node->faults.clear();
                node->fail(core::Code::not_found, "", "no row has this external key",
                           "Option mode = update creates nothing.");
                continue;
            }
            node->faults.append(node->record->creation_faults);
        }
}

void prepare(Bulk& bulk, Batch& batch, const NodeGroups& groups) {
    with_scratch([&] {
        resolve(bulk, batch, groups);
        adopt(bulk, groups);
        lock_rows(bulk, groups);
        check_kept_parents(bulk, batch, groups);
        check_creation(bulk, groups);
        refuse_running(bulk, groups);
    });
}

void run_bulk(Bulk& bulk) {
    ChangeSource const source(sent_sources(bulk));
    bulk.lock = first_lock(bulk);
    int deadlocks = 0;
    while (true) {
        reset(bulk);
        try {
            return attempt(bulk);
        } catch (const Restart& restart) {
            bulk.lock = restart.lock;
            bulk.restarts++;
        } catch (const Error& error) {
            if (!may_retry(bulk, error, deadlocks++)) throw;
            bulk.lock = TenantLock::exclusive;
        }
        check_interrupts();
    }
}

}  // namespace eryxon::pg
