// Whose rows a call works on, and on whose behalf.
#pragma once

#include "core/base/uuid.hpp"
#include "pg/server/prelude.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace eryxon::pg {

// The tenant by claims, setting or resolver, in this order. None: CallError ACCESS_DENIED, never a guess.
core::Uuid tenant_id();

// The tenant that the claims name, if they are to be believed. Not a uuid: CallError ACCESS_DENIED.
std::optional<core::Uuid> claimed_tenant();

// The member of the claims, if it is a text and they are to be believed; else empty.
std::string claimed_text(std::string_view name);

// The user by claim `sub` or setting, if there is one.
std::optional<core::Uuid> user_id();

}  // namespace eryxon::pg
