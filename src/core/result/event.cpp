// Which events tell of a change to a row.
#include "core/result/event.hpp"

namespace eryxon::core {

RowEvent row_event(const RowState& before, const RowState& after, bool changed) {
    if (!before.there) return after.there ? RowEvent::created : RowEvent::none;
    if (before.live) {
        if (!after.live) return RowEvent::deleted;
        return changed ? RowEvent::updated : RowEvent::none;
    }
    return after.live ? RowEvent::restored : RowEvent::none;
}

std::string_view event_name(RowEvent event) {
    switch (event) {
        case RowEvent::created:
            return "created";
        case RowEvent::updated:
            return "updated";
        case RowEvent::deleted:
            return "deleted";
        case RowEvent::restored:
            return "restored";
        case RowEvent::none:
            break;
    }
    return {};
}

std::string_view status_event(const RowState& before, const RowState& after) {
    if (!after.live || before.status == after.status) return {};
    if (after.status == "completed") return "completed";
    if (after.status == "on_hold") return "paused";
    if (after.status == "in_progress") return before.status == "on_hold" ? "resumed" : "started";
    return {};
}

}  // namespace eryxon::core
