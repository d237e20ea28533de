// What the engine relies on in an attached table.
#pragma once

#include "pg/registry/registry.hpp"

#include <optional>

namespace eryxon::pg {

// Why the engine cannot work with the entity's table, which has to be locked, and how to mend it; nothing if it can.
// `table` is what was read of it.
std::optional<core::Fault> why_unusable(const core::Entity& entity, const Table& table);

}  // namespace eryxon::pg
