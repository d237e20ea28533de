// From functions that anyone may call to those that do the work and that nobody else can call.
#include "pg/registry/caller.hpp"

#include "pg/registry/tenant.hpp"
#include "pg/server/security_context.hpp"

#include <cstring>

extern "C" {
#include "catalog/namespace.h"
#include "catalog/pg_type_d.h"
#include "nodes/execnodes.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"
}

namespace eryxon::pg {

namespace {

const Caller* innermost = nullptr;

constexpr int added = 2;  // tenant and role

// The inner function of that function.
Oid inner_function(Oid outer) {
    Oid types[FUNC_MAX_ARGS + added] = {UUIDOID, NAMEOID};
    Oid* arguments = nullptr;
    int count = 0;
    get_func_signature(outer, &arguments, &count);
    memcpy(types + added, arguments, sizeof(Oid) * static_cast<std::size_t>(count));
    char* name = get_func_name(outer);
    if (strncmp(name, "eryxon_", 7) == 0) name += 7;
    List* qualified = list_make2(makeString(pstrdup("eryxon")), makeString(name));
    return LookupFuncName(qualified, count + added, types, false);
}

// The inner function, looked up once a query.
FmgrInfo* inner_of(FmgrInfo* outer) {
    if (outer->fn_extra == nullptr) {
        auto* info = static_cast<FmgrInfo*>(MemoryContextAllocZero(outer->fn_mcxt, sizeof(FmgrInfo)));
        fmgr_info_cxt(inner_function(outer->fn_oid), info, outer->fn_mcxt);
        outer->fn_extra = info;
    }
    return static_cast<FmgrInfo*>(outer->fn_extra);
}

// Rows are made all at once: the rights end with the call.
void want_all_rows(Node* result) {
    if (result != nullptr && IsA(result, ReturnSetInfo))
        reinterpret_cast<ReturnSetInfo*>(result)->allowedModes |= SFRM_Materialize_Preferred;
}

Datum invoke(FunctionCallInfo outer, NullableDatum tenant, NullableDatum role) {
    LOCAL_FCINFO(inner, FUNC_MAX_ARGS);
    want_all_rows(outer->resultinfo);
    InitFunctionCallInfoData(*inner, inner_of(outer->flinfo), static_cast<short>(outer->nargs + added),
                             outer->fncollation, nullptr, outer->resultinfo);
    inner->args[0] = tenant;
    inner->args[1] = role;
    for (int i = 0; i < outer->nargs; i++)
        inner->args[added + i] = outer->args[i];
    Datum const result = FunctionCallInvoke(inner);
    outer->isnull = inner->isnull;
    return result;
}

}  // namespace

Caller::Caller() : outer_(innermost), user_(GetUserId()), path_(namespace_search_path), tenant_(tenant_id()) {
    innermost = this;
}

Caller::~Caller() {
    innermost = outer_;
}

const char* callers_path() {
    bool const known = innermost != nullptr && innermost->user_ == GetUserId();
    return known ? innermost->path_.c_str() : namespace_search_path;
}

CallersPath::CallersPath() {
    if (innermost == nullptr || innermost->user_ != GetUserId()) return;
    settings_ = NewGUCNestLevel();
    call([] {
        set_config_option("search_path", callers_path(), PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    });
}

void CallersPath::leave() const {
    if (settings_ > 0) call([this] { AtEOXact_GUC(true, settings_); });
}

std::optional<core::Uuid> tenant_of_caller() {
    if (innermost == nullptr || innermost->user_ != GetUserId()) return std::nullopt;
    return innermost->tenant_;
}

std::optional<core::Uuid> administered_tenant() {
    if (call([] { return superuser(); })) return std::nullopt;
    return tenant_id();
}

Datum call_inner(FunctionCallInfo outer, const std::optional<core::Uuid>& tenant, Rights rights) {
    core::Uuid bytes = tenant.value_or(core::Uuid{});
    NullableDatum const id{UUIDPGetDatum(reinterpret_cast<pg_uuid_t*>(bytes.data())), !tenant};
    Datum const role =
        call([] { return DirectFunctionCall1(namein, CStringGetDatum(GetUserNameFromId(GetUserId(), false))); });
    auto const work = [&] { return call([&] { return invoke(outer, id, {role, false}); }); };
    return rights == Rights::owner ? as_extension_owner(work) : work();
}

}  // namespace eryxon::pg
