// Running a call: what is to be done, the lock, batch by batch, all in one subtransaction that is begun again where
// that helps.
#include "pg/deletes/soft_delete.hpp"
#include "pg/events/change_source.hpp"
#include "pg/registry/tenant_lock.hpp"
#include "pg/server/debug_point.hpp"
#include "pg/server/settings.hpp"
#include "pg/server/subtransaction.hpp"
#include "pg/upsert/pipeline.hpp"

#include <algorithm>
#include <utility>

extern "C" {
#include "access/xact.h"
}

namespace eryxon::pg {

namespace {

// How often a call that was a deadlock's victim tries again, alone for its tenant.
constexpr int max_deadlock_retries = 2;

bool any_item(const UpsertCall& upsert, bool (*test)(const Item&)) {
    return std::any_of(upsert.batches.begin(), upsert.batches.end(),
                       [&](const Batch& batch) { return std::any_of(batch.items.begin(), batch.items.end(), test); });
}

bool refers_to_own_kind(const Item& item) {
    const auto& references = item.record->references;
    return std::any_of(references.begin(), references.end(), [&](const core::ReferenceValue& reference) {
        return reference.field->reference->entity == item.entity().name &&
               reference.by != core::ReferenceValue::By::null;
    });
}

bool has_foreign_triggers(const UpsertCall& upsert) {
    return std::any_of(upsert.batches.begin(), upsert.batches.end(), [&](const Batch& batch) {
        return std::any_of(batch.items.begin(), batch.items.end(),
                           [&](const Item& item) { return upsert.registry.table(item.entity()).foreign_triggers; });
    });
}

// True if the call's locks cannot all be taken in key order, so that it has to be alone for its tenant.
bool is_unordered(const UpsertCall& upsert) {
    auto const chunk_size = static_cast<std::size_t>(settings().chunk_size);
    if (upsert.options.adopt || upsert.options.children == core::ChildrenStrategy::replace) return true;
    if (std::any_of(upsert.batches.begin(), upsert.batches.end(),
                    [&](const Batch& batch) { return batch.trees.size() > chunk_size; }))
        return true;
    return any_item(upsert, [](const Item& item) {
        return item.repeated || item.record->operation == core::Operation::remove || refers_to_own_kind(item);
    });
}

TenantLock first_lock(const UpsertCall& upsert) {
    switch (settings().serialize_tenant) {
        case serialize_on:
            return TenantLock::exclusive;
        case serialize_off:
            return TenantLock::none;
        default:
            return has_foreign_triggers(upsert) || is_unordered(upsert) ? TenantLock::exclusive : TenantLock::shared;
    }
}

// Takes the tenant's lock, unless the call has it.
void lock_tenant(UpsertCall& upsert) {
    if (upsert.locked || upsert.lock == TenantLock::none) return;
    lock_tenant(upsert.tenant, upsert.lock);
    upsert.locked = true;
}

bool has_plan(const RecordTree& tree, Plan plan) {
    return std::any_of(tree.items.begin(), tree.items.end(), [plan](const Item* item) { return item->plan == plan; });
}

// The trees that something is to be done for. One that looks unchanged now may not be so any more once others have been
// written: records of the same key, or any where rows with what belongs to them come and go. With children = replace
// unchanged records, too, may leave children out that the database has.
std::vector<RecordTree*> pending_trees(UpsertCall& upsert, Batch& batch) {
    bool const replaces = upsert.options.children == core::ChildrenStrategy::replace;
    bool some = false, all = replaces;
    for (const RecordTree& tree : batch.trees) {
        some |= tree.pending() || tree.faulty();
        all |= has_plan(tree, Plan::remove) || has_plan(tree, Plan::restore);
    }
    std::vector<RecordTree*> trees;
    if (!some && !(replaces && has_missing(upsert, batch.by_entity))) return trees;
    for (RecordTree& tree : batch.trees)
        if (all || tree.pending() || tree.faulty() || tree.has_repeated()) trees.push_back(&tree);
    return trees;
}

void run_batch(UpsertCall& upsert, Batch& batch) {
    look_up(upsert, batch.by_entity);
    debug_point(DebugPoint::looked_up);
    if (pending_trees(upsert, batch).empty()) return;
    bool const waited = !upsert.locked;
    lock_tenant(upsert);
    if (waited && upsert.lock == TenantLock::exclusive) look_up(upsert, batch.by_entity);
    std::vector<RecordTree*> trees = pending_trees(upsert, batch);
    if (trees.empty()) return;
    check_sources(upsert, batch);
    write_batch(upsert, batch, std::move(trees));
}

// The sources of the records that were sent, each once.
std::vector<std::string_view> sent_sources(const UpsertCall& upsert) {
    std::vector<std::string_view> sources;
    for (const Batch& batch : upsert.batches)
        for (const core::Record& record : batch.records)
            if (record.has_key && std::find(sources.rbegin(), sources.rend(), record.source) == sources.rend())
                sources.push_back(record.source);
    return sources;
}

// For events: in which history row the call's changes are counted.
ChangeSource::RunOf run_finder(UpsertCall& upsert) {
    if (!upsert.options.record_history) return {};
    return [&upsert](const std::string& entity) { return run_id(upsert, entity); };
}

void reset(UpsertCall& upsert) {
    upsert.locked = false;
    upsert.writing = nullptr;
    upsert.waits.clear();
    upsert.parked.clear();
    for (Batch& batch : upsert.batches)
        for (RecordTree& tree : batch.trees) {
            tree.state = RecordTree::State::open;
            tree.looked_up = true;
            tree.removes_first = false;
            tree.removed.clear();
            tree.changes.clear();
        }
}

void attempt(UpsertCall& upsert) {
    auto const work = [&] {
        for (Batch& batch : upsert.batches)
            run_batch(upsert, batch);
    };
    if (upsert.dry())
        Subtransaction::run_and_roll_back(work);
    else
        Subtransaction::run_or_throw(work);
}

bool may_retry(const UpsertCall& upsert, const Error& error, int retries) {
    return error.is(ERRCODE_T_R_DEADLOCK_DETECTED) && retries < max_deadlock_retries &&
           upsert.lock != TenantLock::none && !IsolationUsesXactSnapshot();
}

// Deletions that would take running work with them are refused unless forced.
void refuse_running(UpsertCall& upsert, const ItemGroups& groups) {
    if (upsert.options.force) return;
    for (const auto& [order, items] : groups) {
        std::vector<Item*> removed;
        std::vector<core::Uuid> ids;
        for (Item* item : items) {
            if (item->plan != Plan::remove) continue;
            removed.push_back(item);
            ids.push_back(item->id);
        }
        if (removed.empty()) continue;
        auto const progress = read_progress(upsert.registry, removed.front()->entity(), upsert.tenant, ids);
        for (std::size_t i = 0; i < removed.size(); i++)
            if (progress[i].running)
                removed[i]->fail(core::Code::in_progress, "", core::Reason::in_progress, {},
                                 "Option force = true deletes it anyway.");
    }
}

}  // namespace

void check_creation(UpsertCall& upsert, const ItemGroups& groups) {
    for (const auto& [order, items] : groups)
        for (Item* item : items) {
            if (item->plan != Plan::create) continue;
            if (upsert.options.mode == core::Mode::update) {
                item->faults.clear();
                item->fail(core::Code::not_found, "", core::Reason::not_found, {},
                           "Option mode = update creates nothing.");
                continue;
            }
            item->faults.append(item->record->creation_faults);
        }
}

void prepare(UpsertCall& upsert, const Batch& batch, const ItemGroups& groups, bool alone) {
    resolve(upsert, batch, groups, alone);
    adopt(upsert, groups);
    lock_rows(upsert, groups);
    keep_started(upsert, groups);
    check_kept_parents(upsert, batch, groups, alone);
    check_creation(upsert, groups);
    check_moves(upsert, groups);
    refuse_running(upsert, groups);
}

void look_up_trees(UpsertCall& upsert, const Batch& batch, std::span<RecordTree* const> trees) {
    std::vector<Item*> stale;
    for (RecordTree* tree : trees)
        for (Item* item : tree->items)
            item->revived = false;
    for (RecordTree* tree : trees)
        if (!std::exchange(tree->looked_up, false)) stale.insert(stale.end(), tree->items.begin(), tree->items.end());
    look_up(upsert, group_items(stale));
    prepare(upsert, batch, group_items(items_of(trees)));
}

void run_call(UpsertCall& upsert) {
    ChangeSource const source(sent_sources(upsert), run_finder(upsert));
    refuse_contradictions(upsert);
    upsert.lock = first_lock(upsert);
    int deadlocks = 0;
    while (true) {
        reset(upsert);
        try {
            return attempt(upsert);
        } catch (const RetryCall& retry) {
            upsert.lock = retry.lock;
            upsert.retries++;
        } catch (const Error& error) {
            if (!may_retry(upsert, error, deadlocks++)) throw;
            upsert.lock = TenantLock::exclusive;
        }
        check_interrupts();
    }
}

}  // namespace eryxon::pg
