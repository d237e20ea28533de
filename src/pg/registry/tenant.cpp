// Whose rows a call works on: request.jwt.claims where they are to be believed, settings, the resolver function.
#include "pg/registry/tenant.hpp"

#include "core/json/json.hpp"
#include "pg/registry/caller.hpp"
#include "pg/server/boundary.hpp"
#include "pg/server/compat.hpp"
#include "pg/server/request.hpp"
#include "pg/server/settings.hpp"

extern "C" {
#include "catalog/pg_type_d.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"
#include "utils/varlena.h"
}

namespace eryxon::pg {

namespace {

// True if the list of login roles names the session's user.
bool is_listed(Oid role, const char* list) {
    return call([&] {
        List* names;
        char* copy = pstrdup(list);
        SplitIdentifierString(copy, ',', &names);
        ListCell* cell;
        foreach (cell, names)
            if (get_role_oid(static_cast<char*>(lfirst(cell)), true) == role) return true;
        return false;
    });
}

// Anyone can set the claims; they count only for superusers and the listed login roles.
bool claims_count() {
    Oid const user = GetSessionUserId();
    return call([user] { return superuser_arg(user); }) || is_listed(user, settings().claims_from);
}

const char* claims_text() {
    const char* text = request_setting("request.jwt.claims");
    return text != nullptr && claims_count() ? text : nullptr;
}

[[noreturn]] void refuse(const char* message, const char* hint) {
    throw core::CallError(core::Code::access_denied, message, hint);
}

// The claims object; a null value if there are none to be believed.
core::Json read_claims(core::JsonArena& arena) {
    const char* text = claims_text();
    if (text == nullptr) return core::Json::null();
    try {
        core::Json claims = core::parse_json(text, arena);
        if (claims.is_object()) return claims;
    } catch (const core::CallError&) {
    }
    refuse("request.jwt.claims is not a JSON object", "The HTTP layer sets it from the verified token.");
}

core::Uuid claimed_uuid(const core::Json& claim) {
    if (auto uuid = claim.is_string() ? core::parse_uuid(claim.text()) : std::nullopt) return *uuid;
    refuse("the claim tenant_id is not a uuid", "The token's tenant_id must be the tenant's uuid.");
}

// The resolver's function, after a check that the caller may execute it.
Oid resolver_function(const char* name) {
    return call([name] {
        List* names = qualified_name(name);
        Oid const function = LookupFuncName(names, 0, nullptr, false);
        AclResult const right = function_privilege(function, GetUserId());
        if (right != ACLCHECK_OK) aclcheck_error(right, OBJECT_FUNCTION, name);
        if (get_func_rettype(function) != UUIDOID)
            ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                            errmsg("function %s named by eryxon.tenant_resolver does not return uuid", name)));
        return function;
    });
}

std::optional<core::Uuid> resolved_tenant() {
    const char* name = settings().tenant_resolver;
    if (name == nullptr || *name == '\0') return std::nullopt;
    Oid const function = resolver_function(name);
    core::Uuid tenant{};
    bool const found = call([&] {
        LOCAL_FCINFO(fcinfo, 0);
        FmgrInfo info;
        fmgr_info(function, &info);
        InitFunctionCallInfoData(*fcinfo, &info, 0, InvalidOid, nullptr, nullptr);
        Datum const result = FunctionCallInvoke(fcinfo);
        if (!fcinfo->isnull) memcpy(tenant.data(), DatumGetUUIDP(result)->data, tenant.size());
        return !fcinfo->isnull;
    });
    return found ? std::optional(tenant) : std::nullopt;
}

}  // namespace

std::optional<core::Uuid> claimed_tenant() {
    core::JsonArena arena;
    core::Json const claims = read_claims(arena);
    if (!claims.is_object()) return std::nullopt;
    const core::Json* claim = claims.find("tenant_id");
    if (claim == nullptr || claim->is_null()) {
        const core::Json* metadata = claims.find("app_metadata");
        claim = metadata != nullptr && metadata->is_object() ? metadata->find("tenant_id") : nullptr;
    }
    if (claim == nullptr || claim->is_null()) return std::nullopt;
    return claimed_uuid(*claim);
}

std::string claimed_text(std::string_view name) {
    core::JsonArena arena;
    core::Json const claims = read_claims(arena);
    const core::Json* claim = claims.is_object() ? claims.find(name) : nullptr;
    return claim != nullptr && claim->is_string() ? std::string(claim->text()) : std::string();
}

core::Uuid tenant_id() {
    if (auto tenant = claimed_tenant()) return *tenant;
    if (auto tenant = core::parse_uuid(settings().tenant_id)) return *tenant;
    if (auto tenant = tenant_of_caller()) return *tenant;
    if (auto tenant = resolved_tenant()) return *tenant;
    refuse("no tenant is set for this session",
           "Send a token with a tenant_id claim, or have an administrator set eryxon.tenant_id or "
           "eryxon.tenant_resolver.");
}

std::optional<core::Uuid> user_id() {
    core::JsonArena arena;
    core::Json const claims = read_claims(arena);
    const core::Json* subject = claims.is_object() ? claims.find("sub") : nullptr;
    if (subject != nullptr && subject->is_string())
        if (auto user = core::parse_uuid(subject->text())) return user;
    return core::parse_uuid(settings().user_id);
}

}  // namespace eryxon::pg
