// API keys: who a request with a key is.
#pragma once

#include "core/uuid.hpp"
#include "pg/prelude.hpp"

#include <optional>

namespace eryxon::pg {

// Looks for API keys in request.headers, as x-api-key or as bearer token. A good key sets tenant and role until the
// transaction ends; with a token whose claims name the same tenant, the token's role stays. Without a key nothing
// happens. A bad key, or two credentials of different tenants, raise SQLSTATE PGRST with status 401. Writes nothing.
void authenticate_request();

// The tenant whose keys the caller administers, as eryxon_tenant_id() has it for the role outside SECURITY DEFINER
// functions; none where that role is a superuser, who administers all.
std::optional<core::Uuid> administered_tenant();

// The role that calls, outside SECURITY DEFINER functions; its name palloc'd.
const char* caller_role();

// Notes in the table that the transaction's key was used, at most once a minute and only where that waits for nobody.
void note_key_use();

}  // namespace eryxon::pg
