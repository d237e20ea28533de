// Memory for one step of a call.
#include "pg/server/temporary_context.hpp"

namespace eryxon::pg::detail {

MemoryContext begin_temporary_context() {
    return call([] {
        MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "eryxon_sync step", ALLOCSET_DEFAULT_SIZES);
        MemoryContextSwitchTo(context);
        return context;
    });
}

void end_temporary_context(MemoryContext context, MemoryContext before) {
    MemoryContextSwitchTo(before);
    call([context] { MemoryContextDelete(context); });
}

}  // namespace eryxon::pg::detail
