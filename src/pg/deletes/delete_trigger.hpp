// What the triggers on attached tables do.
#pragma once

#include "pg/server/trigger.hpp"

#include "core/base/uuid.hpp"

#include <set>
#include <span>
#include <unordered_map>

namespace eryxon::pg {

// BEFORE DELETE FOR EACH ROW: marks the row as deleted, or notes it for the end of the statement, and keeps it; lets it
// go under eryxon.hard_delete, when it only moves to another partition, and when a row it refers to is gone. Returns
// the row or nullptr.
HeapTuple on_delete(const TriggerData& trigger);

// AFTER DELETE FOR EACH STATEMENT: marks the noted rows as deleted.
void on_delete_noted(const TriggerData& trigger);

// BEFORE UPDATE FOR EACH ROW of a table that is partitioned by tenant: notes a row that changes its tenant.
HeapTuple on_update_of_tenant(const TriggerData& trigger);

// Counts the rows that the delete trigger lets go, by entity, while it lives.
class RemovedRows {
public:
    RemovedRows();
    ~RemovedRows();
    RemovedRows(const RemovedRows&) = delete;
    RemovedRows& operator=(const RemovedRows&) = delete;

    std::int64_t of(const std::string& entity) const;
    void add(const std::string& entity) { counts_[entity]++; }

private:
    std::unordered_map<std::string, std::int64_t> counts_;
    RemovedRows* outer_;
};

// Registers the callbacks that forget notes at the end of their transaction; called once when the library is loaded.
void watch_transactions();

// While it lives, a DELETE of one of these rows only asks whether it may be: the trigger keeps the row and notes it
// here.
class AskedRows {
public:
    AskedRows(Oid table, std::span<const core::Uuid> ids);
    ~AskedRows();
    AskedRows(const AskedRows&) = delete;
    AskedRows& operator=(const AskedRows&) = delete;

    // True if the row is one of them; it has passed the policies then.
    bool note(Oid table, const core::Uuid& id);
    const std::set<core::Uuid>& passed() const { return passed_; }

private:
    AskedRows* outer_;
    Oid table_;
    std::set<core::Uuid> ids_, passed_;
};

}  // namespace eryxon::pg
