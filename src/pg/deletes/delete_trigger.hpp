// What the triggers on attached tables do.
#pragma once

#include "pg/server/trigger.hpp"

#include "core/base/uuid.hpp"

#include <set>
#include <span>
#include <unordered_map>

namespace eryxon::pg {

// BEFORE DELETE FOR EACH ROW: marks the row as deleted, or defers that to the end of the statement, and keeps it; lets
// it go under eryxon.hard_delete, when it only moves to another partition, and when a row it refers to is gone. Returns
// the row or nullptr.
HeapTuple on_delete(const TriggerData& trigger);

// AFTER DELETE FOR EACH STATEMENT: marks the rows whose delete was deferred.
void on_delete_end(const TriggerData& trigger);

// BEFORE UPDATE FOR EACH ROW of a table that is partitioned by tenant: notes a row that changes its tenant.
HeapTuple on_update_of_tenant(const TriggerData& trigger);

// Counts the rows that the delete trigger lets go, by entity, while it lives.
class HardDeleteCounter {
public:
    HardDeleteCounter();
    ~HardDeleteCounter();
    HardDeleteCounter(const HardDeleteCounter&) = delete;
    HardDeleteCounter& operator=(const HardDeleteCounter&) = delete;

    std::int64_t of(const std::string& entity) const;
    void add(const std::string& entity) { counts_[entity]++; }

private:
    std::unordered_map<std::string, std::int64_t> counts_;
    HardDeleteCounter* outer_;
};

// Registers the callbacks that forget notes at the end of their transaction; called once when the library is loaded.
void register_transaction_callbacks();

// While it lives, a DELETE of one of these rows only asks whether it may be: the trigger keeps the row and notes it
// here.
class DeletePolicyProbe {
public:
    DeletePolicyProbe(Oid table, std::span<const core::Uuid> ids);
    ~DeletePolicyProbe();
    DeletePolicyProbe(const DeletePolicyProbe&) = delete;
    DeletePolicyProbe& operator=(const DeletePolicyProbe&) = delete;

    // True if the row is one of them; it has passed the policies then.
    bool note(Oid table, const core::Uuid& id);
    const std::set<core::Uuid>& passed() const { return passed_; }

private:
    DeletePolicyProbe* outer_;
    Oid table_;
    std::set<core::Uuid> ids_, passed_;
};

}  // namespace eryxon::pg
