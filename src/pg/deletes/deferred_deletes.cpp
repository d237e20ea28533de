// Keeps the deferred deletes and noted moves, and forgets them with their transaction.
#include "pg/deletes/deferred_deletes.hpp"

#include "pg/deletes/delete_trigger.hpp"

#include <algorithm>

extern "C" {
#include "utils/snapmgr.h"
}

namespace eryxon::pg {

namespace {

// A row that the present UPDATE takes to another partition.
struct PartitionMove {
    Oid relation;
    ItemPointerData row;
    CommandId command;
};

struct Notes {
    std::vector<DeferredDelete> deletes;
    std::vector<PartitionMove> moves;
};

// Takes no memory: the callbacks may be the first to ask.
Notes& notes() {
    static Notes instance;
    return instance;
}

void on_transaction_end(XactEvent event, void*) {
    if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PARALLEL_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
        return;
    notes().deletes.clear();
    notes().moves.clear();
}

// Forgets the deletes deferred in a rolled-back subtransaction and those below it, which have higher numbers.
void on_subtransaction_end(SubXactEvent event, SubTransactionId level, SubTransactionId, void*) {
    if (event != SUBXACT_EVENT_ABORT_SUB) return;
    std::erase_if(notes().deletes, [level](const DeferredDelete& note) { return note.level >= level; });
}

}  // namespace

CommandId firing_command() {
    return call([] { return GetActiveSnapshot()->curcid; });
}

void defer_delete(Oid relation, const core::Uuid& tenant, const core::Uuid& id) {
    notes().deletes.push_back({relation, tenant, id, firing_command(), GetCurrentSubTransactionId()});
}

std::vector<DeferredDelete> take_deferred_deletes() {
    std::vector<DeferredDelete> taken;
    if (notes().deletes.empty()) return taken;
    CommandId const command = firing_command();
    for (const DeferredDelete& note : notes().deletes)
        if (note.command >= command) taken.push_back(note);
    std::erase_if(notes().deletes, [command](const DeferredDelete& note) { return note.command >= command; });
    return taken;
}

// A statement moves its rows one by one, so its earlier notes, and those of statements inside it, are done with.
void note_partition_move(Oid relation, const ItemPointerData& row) {
    CommandId const command = firing_command();
    std::erase_if(notes().moves, [command](const PartitionMove& move) { return move.command >= command; });
    notes().moves.push_back({relation, row, command});
}

bool take_partition_move(Oid relation, const ItemPointerData& row) {
    if (notes().moves.empty()) return false;
    CommandId const command = firing_command();
    auto same = [&](const PartitionMove& move) {
        return move.relation == relation && move.command == command &&
               ItemPointerGetBlockNumberNoCheck(&move.row) == ItemPointerGetBlockNumberNoCheck(&row) &&
               ItemPointerGetOffsetNumberNoCheck(&move.row) == ItemPointerGetOffsetNumberNoCheck(&row);
    };
    return std::erase_if(notes().moves, same) > 0;
}

void register_transaction_callbacks() {
    RegisterXactCallback(on_transaction_end, nullptr);
    RegisterSubXactCallback(on_subtransaction_end, nullptr);
}

}  // namespace eryxon::pg
