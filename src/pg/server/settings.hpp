// The eryxon.* settings. Only C code reads them: before the library is loaded, anyone can set a placeholder.
#pragma once

#include "pg/server/prelude.hpp"

namespace eryxon::pg {

enum SerializeTenant { serialize_auto, serialize_on, serialize_off };

struct Settings {
    char* tenant_id;          // a uuid or empty
    char* user_id;            // likewise
    char* tenant_resolver;    // a function without arguments that returns uuid, or empty
    char* claims_from;        // login roles whose request.jwt.claims count, comma-separated
    char* api_role;           // of API keys made without one
    char* used_api_key;       // the id of the transaction's API key, if its use is to be noted, or empty
    char* default_time_zone;  // of dates without offset
    bool capture_events;
    bool webhook_allow_http;
    bool hard_delete;
    int serialize_tenant;  // SerializeTenant
    int chunk_size;        // records per write statement
    int max_bulk_records;  // of the HTTP functions
};

const Settings& settings();

// Defines them; called once when the library is loaded.
void define_settings();

}  // namespace eryxon::pg
