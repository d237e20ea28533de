// API keys: who a request with a key is.
#pragma once

#include "pg/server/prelude.hpp"

namespace eryxon::pg {

// Looks for API keys in request.headers, as x-api-key or as bearer token, and in the gateway's claim. A good key sets
// tenant and role until the transaction ends; with a token whose claims name the same tenant, the token's role stays.
// Without a key nothing happens. A bad key, or two credentials of different tenants, raise SQLSTATE PGRST with status
// 401. Writes nothing.
void authenticate_request();

// True for a request over HTTP that brings neither a key nor a token: whatever the settings say, nobody is known.
bool lacks_credential();

// Notes in the table that the transaction's key was used, at most once a minute and only where that waits for nobody.
void note_key_use();

}  // namespace eryxon::pg
