// Giving committed events their positions outside the caller's transaction, which may be read-only, long, or rolled
// back.
#pragma once

#include "core/base/uuid.hpp"

namespace eryxon::pg {

// Has a background worker position the tenant's events that wait in the outbox, and waits for it. Does nothing on a
// standby, and with a warning where no worker is free: the events come later then.
void settle_events(const core::Uuid& tenant);

// What the worker does: its whole life.
void position_events_once();

}  // namespace eryxon::pg
