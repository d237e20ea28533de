// Places at which a test stops a call, in builds with assertions only: a call waits there while another session holds
// the advisory lock (debug_point_class, number of the point).
#pragma once

#include <cstdint>

namespace eryxon::pg {

constexpr std::int32_t debug_point_class = 20200;

enum class DebugPoint : std::int32_t {
    looked_up = 1,     // the rows of a batch were read, nothing is locked
    prepared = 2,      // the rows of a window are locked, and what they refer to is known
    written = 3,       // a wave is written
    found = 4,         // a row to be deleted was found by its key, and is not locked
    left_out = 5,      // children that an array leaves out were read, and are not locked
    progress_read = 6  // no work is running on rows that are to be deleted
};

#ifdef ERYXON_ASSERTIONS
void debug_point(DebugPoint point);
#else
inline void debug_point(DebugPoint) {}
#endif

}  // namespace eryxon::pg
