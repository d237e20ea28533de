// The changes of an event, as the outbox keeps them and as they are shown.
#pragma once

#include "pg/prelude.hpp"

namespace eryxon::pg {

// Makes [{"field","old","new"}] of {field: [old, new]}, both jsonb, in order of the fields' names. What is no object
// stays as it is: one row that somebody wrote by hand must not hold up the others.
Datum change_list(Datum changes);

}  // namespace eryxon::pg
