// Waiting at a debug point.
#include "pg/server/debug_point.hpp"

#ifdef ERYXON_ASSERTIONS
#include "pg/server/boundary.hpp"

extern "C" {
#include "fmgr.h"
#include "utils/fmgrprotos.h"
}

namespace eryxon::pg {

void debug_point(DebugPoint point) {
    call([&] {
        Datum const number = Int32GetDatum(static_cast<std::int32_t>(point));
        DirectFunctionCall2(pg_advisory_lock_shared_int4, Int32GetDatum(debug_point_class), number);
        DirectFunctionCall2(pg_advisory_unlock_shared_int4, Int32GetDatum(debug_point_class), number);
    });
}

}  // namespace eryxon::pg
#endif
