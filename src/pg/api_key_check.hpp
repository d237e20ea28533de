// API keys: who a request with a key is.
#pragma once

#include "pg/prelude.hpp"

namespace eryxon::pg {

// Looks for API keys in request.headers, as x-api-key or as bearer token. A good key sets tenant and role until the
// transaction ends; with a token whose claims name the same tenant, the token's role stays. Without a key nothing
// happens. A bad key, or two credentials of different tenants, raise SQLSTATE PGRST with status 401. Writes nothing.
void authenticate_request();

// Notes in the table that the transaction's key was used, at most once a minute and only where that waits for nobody.
void note_key_use();

}  // namespace eryxon::pg
