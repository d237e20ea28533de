// Whose rows a call works on, and on whose behalf.
#pragma once

#include "core/uuid.hpp"
#include "pg/prelude.hpp"

#include <optional>

namespace eryxon::pg {

// The tenant by claims, setting or resolver, in this order. None: CallError ACCESS_DENIED, never a guess.
core::Uuid tenant_id();

// The user by claim `sub` or setting, if there is one.
std::optional<core::Uuid> user_id();

}  // namespace eryxon::pg
