// The trigger that calls a function.
#include "pg/server/trigger.hpp"

#include "pg/server/refusal.hpp"

namespace eryxon::pg {

const TriggerData& trigger_data(FunctionCallInfo call_info, TriggerEvent expected, TriggerEvent kind) {
    auto* trigger = reinterpret_cast<TriggerData*>(call_info->context);
    if (CALLED_AS_TRIGGER(call_info) && (trigger->tg_event & kind) == expected) return *trigger;
    refuse({core::Code::database_error,
            "the function can only be called by triggers that eryxon_attach creates",
            {},
            InvalidOid,
            {},
            "39P01"});
}

}  // namespace eryxon::pg
