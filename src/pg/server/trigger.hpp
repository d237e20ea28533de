// The trigger that calls a function.
#pragma once

#include "pg/server/prelude.hpp"

extern "C" {
#include "commands/trigger.h"
}

namespace eryxon::pg {

// What the trigger function was called with. Raises 39P01 unless a trigger of the expected kind calls; `kind` tells
// which of a trigger's properties are compared.
const TriggerData& trigger_data(FunctionCallInfo call_info, TriggerEvent expected,
                                TriggerEvent kind = TRIGGER_EVENT_OPMASK | TRIGGER_EVENT_ROW |
                                                    TRIGGER_EVENT_TIMINGMASK);

}  // namespace eryxon::pg
