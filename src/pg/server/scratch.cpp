// Memory for one step of a call.
#include "pg/server/scratch.hpp"

namespace eryxon::pg::detail {

MemoryContext begin_scratch() {
    return call([] {
        MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "eryxon_sync step", ALLOCSET_DEFAULT_SIZES);
        MemoryContextSwitchTo(scratch);
        return scratch;
    });
}

void end_scratch(MemoryContext scratch, MemoryContext before) {
    MemoryContextSwitchTo(before);
    call([scratch] { MemoryContextDelete(scratch); });
}

}  // namespace eryxon::pg::detail
