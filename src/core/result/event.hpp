// Which events tell of a change to a row.
#pragma once

#include "core/base/core.hpp"

#include <cstdint>
#include <string_view>

namespace eryxon::core {

// A row before or after a change. Soft-deleted rows are there, but not live.
struct RowState {
    bool there = false;
    bool live = false;
    std::string_view status{};  // empty without one
};

enum class RowEvent : std::uint8_t { none, created, updated, deleted, restored };

// What happened to the row. `changed`: a field that the entity maps has another value. What happens to deleted rows is
// nobody's business but for their coming back.
RowEvent row_event(const RowState& before, const RowState& after, bool changed);

// created, updated, deleted or restored; empty for none.
std::string_view event_name(RowEvent event);

// What the row's status went to: started, paused, resumed, completed; empty if it stayed or means nothing of that kind.
std::string_view status_event(const RowState& before, const RowState& after);

}  // namespace eryxon::core
