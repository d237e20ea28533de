// Subtransactions over the backend's internal ones.
#include "pg/server/subtransaction.hpp"

#include "core/base/assert.hpp"

extern "C" {
#include "access/xact.h"
}

namespace eryxon::pg {

Subtransaction::Subtransaction() : context_(CurrentMemoryContext), owner_(CurrentResourceOwner) {
    call([this] {
        BeginInternalSubTransaction(nullptr);
        level_ = GetCurrentTransactionNestLevel();
        MemoryContextSwitchTo(context_);
    });
}

void Subtransaction::commit() {
    ERYXON_ASSERT(GetCurrentTransactionNestLevel() == level_);
    call([] { ReleaseCurrentSubTransaction(); });
    MemoryContextSwitchTo(context_);
    CurrentResourceOwner = owner_;
}

void Subtransaction::roll_back() {
    MemoryContextSwitchTo(context_);
    call([] { RollbackAndReleaseCurrentSubTransaction(); });
    MemoryContextSwitchTo(context_);
    CurrentResourceOwner = owner_;
}

}  // namespace eryxon::pg
