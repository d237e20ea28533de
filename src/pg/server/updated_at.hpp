// Keeping the time of a row's last change.
#pragma once

#include "pg/server/trigger.hpp"

namespace eryxon::pg {

// BEFORE UPDATE FOR EACH ROW: the row to be written, with now() in updated_at.
HeapTuple keep_updated_at(const TriggerData& trigger);

}  // namespace eryxon::pg
