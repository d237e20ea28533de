// Definitions and checks of the eryxon.* settings.
#include "pg/server/settings.hpp"

#include "core/base/uuid.hpp"

#include <climits>

extern "C" {
#include "pgtime.h"
#include "utils/guc.h"
#include "utils/varlena.h"
}

namespace eryxon::pg {

namespace {

Settings values;

const config_enum_entry serialize_tenant_options[] = {
    {"auto", serialize_auto, false}, {"on", serialize_on, false}, {"off", serialize_off, false}, {nullptr, 0, false}};

bool check_uuid(char** value, void**, GucSource) {
    if (*value == nullptr || **value == '\0' || core::parse_uuid(*value)) return true;
    GUC_check_errdetail("The value must be a uuid or empty.");
    return false;
}

bool check_time_zone(char** value, void**, GucSource) {
    return *value != nullptr && pg_tzset(*value) != nullptr;
}

bool check_role_list(char** value, void**, GucSource) {
    char* copy = pstrdup(*value);
    List* names;
    bool const valid = SplitIdentifierString(copy, ',', &names);
    if (!valid) GUC_check_errdetail("The value must be a list of role names.");
    list_free(names);
    pfree(copy);
    return valid;
}

// True if an earlier attempt to load the library came as far as this setting: defining it again is an error.
bool is_defined(const char* name) {
    return GetConfigOption(name, true, false) != nullptr &&
           (GetConfigOptionFlags(name, true) & GUC_CUSTOM_PLACEHOLDER) == 0;
}

void define_text(const char* name, const char* description, char** value, const char* initial, GucContext context,
                 GucStringCheckHook check) {
    if (is_defined(name)) return;
    DefineCustomStringVariable(name, description, nullptr, value, initial, context, 0, check, nullptr, nullptr);
}

void define_switch(const char* name, const char* description, bool* value, GucContext context) {
    if (is_defined(name)) return;
    DefineCustomBoolVariable(name, description, nullptr, value, false, context, 0, nullptr, nullptr, nullptr);
}

void define_number(const char* name, const char* description, int* value, int initial) {
    if (is_defined(name)) return;
    DefineCustomIntVariable(name, description, nullptr, value, initial, 1, INT_MAX / 2, PGC_USERSET, 0, nullptr,
                            nullptr, nullptr);
}

void define_serialize_tenant() {
    const char* const name = "eryxon.serialize_tenant";
    if (is_defined(name)) return;
    DefineCustomEnumVariable(name,
                             "Whether calls that write for one tenant wait for each other: auto does where triggers "
                             "of other makers or the shape of the call could lead to deadlocks.",
                             nullptr, &values.serialize_tenant, serialize_auto, serialize_tenant_options, PGC_SUSET, 0,
                             nullptr, nullptr, nullptr);
}

void define_tenant_settings() {
    define_text("eryxon.tenant_id", "Tenant of the session, if no token names one.", &values.tenant_id, "", PGC_SUSET,
                check_uuid);
    define_text("eryxon.user_id", "User of the session, if no token names one.", &values.user_id, "", PGC_SUSET,
                check_uuid);
    define_text("eryxon.tenant_resolver", "Function without arguments that returns the tenant's uuid.",
                &values.tenant_resolver, "", PGC_SUSET, nullptr);
    define_text("eryxon.claims_from", "Login roles whose request.jwt.claims are believed.", &values.claims_from,
                "authenticator", PGC_SUSET, check_role_list);
    define_serialize_tenant();
}

void define_key_settings() {
    define_text("eryxon.api_role", "Role of API keys that are made without one.", &values.api_role, "eryxon_api",
                PGC_SUSET, nullptr);
    define_text("eryxon.used_api_key", "The API key whose use is to be noted; set by its check.", &values.used_api_key,
                "", PGC_SUSET, check_uuid);
}

void define_behaviour_settings() {
    define_switch("eryxon.capture_events", "Write change events for webhooks and the change feed.",
                  &values.capture_events, PGC_SUSET);
    define_switch("eryxon.webhook_allow_http", "Let webhooks have URLs that begin with http://.",
                  &values.webhook_allow_http, PGC_SUSET);
    define_switch("eryxon.hard_delete", "Let DELETE on attached tables really delete.", &values.hard_delete,
                  PGC_USERSET);
    define_text("eryxon.default_time_zone", "Time zone of dates and times that are sent without offset.",
                &values.default_time_zone, "UTC", PGC_USERSET, check_time_zone);
    define_number("eryxon.chunk_size", "Records that are written by one statement.", &values.chunk_size, 1000);
    define_number("eryxon.max_bulk_records", "Most records that one bulk call over HTTP may hold.",
                  &values.max_bulk_records, 1000);
}

}  // namespace

const Settings& settings() {
    return values;
}

void define_settings() {
    define_tenant_settings();
    define_key_settings();
    define_behaviour_settings();
    MarkGUCPrefixReserved("eryxon");
}

}  // namespace eryxon::pg
