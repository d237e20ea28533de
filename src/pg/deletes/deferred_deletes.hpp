// What triggers leave for later triggers of the same statement: deletes deferred to its end, rows that change
// partition.
#pragma once

#include "pg/server/boundary.hpp"

#include "core/base/uuid.hpp"

#include <vector>

extern "C" {
#include "access/xact.h"
#include "storage/itemptr.h"
}

namespace eryxon::pg {

// A row whose DELETE was kept back until the statement ends.
struct DeferredDelete {
    Oid relation;
    core::Uuid tenant, id;
    CommandId command;
    SubTransactionId level;
};

// The command of the statement that fires the present trigger.
CommandId firing_command();

void defer_delete(Oid relation, const core::Uuid& tenant, const core::Uuid& id);
// Takes the deletes of the present statement, and of those it ran without their own end.
std::vector<DeferredDelete> take_deferred_deletes();

void note_partition_move(Oid relation, const ItemPointerData& row);
// True, once, if the present statement noted that the row moves.
bool take_partition_move(Oid relation, const ItemPointerData& row);

}  // namespace eryxon::pg
