// The changes of an event, as the outbox keeps them and as they are shown.
#pragma once

#include "pg/server/prelude.hpp"

namespace eryxon::pg {

// Makes [{"field","old","new"}] of {field: [old, new]}, both jsonb, in order of the fields' names. A change of which a
// value is left out is an object in the outbox, {"old" or "new" or neither, "omitted"}, and keeps these members. What
// is no object stays as it is: one row that somebody wrote by hand must not hold up the others.
Datum change_list(Datum changes);

// The bytes of a value of variable length before compression, without fetching it.
std::int64_t stored_size(Datum value);

}  // namespace eryxon::pg
