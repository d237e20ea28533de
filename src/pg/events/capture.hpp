// Capturing what happens to attached tables as events.
#pragma once

#include "core/schema/schema.hpp"
#include "pg/server/trigger.hpp"

namespace eryxon::pg {

// True if events of the entity are written: its own option, else the setting eryxon.capture_events.
bool captures(const core::Entity& entity);

// AFTER INSERT, UPDATE or DELETE FOR EACH STATEMENT, with transition tables: writes the events of the statement.
void write_events(const TriggerData& trigger);

}  // namespace eryxon::pg
