// Knows a policy by its expression: tenant_id = (SELECT eryxon_tenant_id()).
#include "pg/registry/tenant_policy.hpp"

#include "pg/server/compat.hpp"

extern "C" {
#include "nodes/parsenodes.h"
#include "nodes/primnodes.h"
#include "rewrite/rowsecurity.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

PGDLLEXPORT Datum eryxon_tenant_id(PG_FUNCTION_ARGS);
}

namespace eryxon::pg {

namespace {

// True for a call of our own function that runs as the current user and that the user may make.
bool is_tenant_id(const void* expression) {
    const auto* function = as_node<FuncExpr>(expression, T_FuncExpr);
    if (function == nullptr || function->args != NIL) return false;
    FmgrInfo info;
    fmgr_info(function->funcid, &info);
    return info.fn_addr == eryxon_tenant_id && function_privilege(function->funcid, GetUserId()) == ACLCHECK_OK;
}

// True for (SELECT eryxon_tenant_id()) and nothing more.
bool selects_tenant_id(const void* expression) {
    const auto* link = as_node<SubLink>(expression, T_SubLink);
    const auto* query = link != nullptr ? as_node<Query>(link->subselect, T_Query) : nullptr;
    if (query == nullptr || link->subLinkType != EXPR_SUBLINK) return false;
    bool const plain = query->commandType == CMD_SELECT && query->rtable == NIL && query->jointree->fromlist == NIL &&
                       query->jointree->quals == nullptr && query->setOperations == nullptr && query->cteList == NIL &&
                       query->groupClause == NIL && query->groupingSets == NIL && query->distinctClause == NIL &&
                       query->havingQual == nullptr && query->limitOffset == nullptr && query->limitCount == nullptr;
    return plain && list_length(query->targetList) == 1 &&
           is_tenant_id(static_cast<TargetEntry*>(linitial(query->targetList))->expr);
}

bool is_tenant_condition(const Expr* condition, AttrNumber tenant_column) {
    const auto* equality = as_node<OpExpr>(condition, T_OpExpr);
    if (equality == nullptr || get_opcode(equality->opno) != F_UUID_EQ) return false;
    const auto* column = as_node<Var>(linitial(equality->args), T_Var);
    return column != nullptr && column->varattno == tenant_column && column->varlevelsup == 0 &&
           selects_tenant_id(lsecond(equality->args));
}

bool is_for_everyone(const RowSecurityPolicy& policy) {
    auto const* roles = reinterpret_cast<const Oid*>(ARR_DATA_PTR(policy.roles));
    return ArrayGetNItems(ARR_NDIM(policy.roles), ARR_DIMS(policy.roles)) == 1 && roles[0] == ACL_ID_PUBLIC;
}

}  // namespace

// Any other policy for reading is left to the server: a restrictive one may hide rows, and a permissive one, which adds
// rows of no interest here, may raise an error. So are the hooks of other extensions.
bool shows_whole_tenant(Relation table, AttrNumber tenant_column) {
    if (!row_security || table->rd_rsdesc == nullptr || row_security_policy_hook_permissive != nullptr ||
        row_security_policy_hook_restrictive != nullptr)
        return false;
    bool shows = false;
    ListCell* cell;
    foreach (cell, table->rd_rsdesc->policies) {
        const auto& policy = *static_cast<RowSecurityPolicy*>(lfirst(cell));
        if (policy.polcmd != '*' && policy.polcmd != ACL_SELECT_CHR) continue;
        if (!policy.permissive || !is_for_everyone(policy) || !is_tenant_condition(policy.qual, tenant_column))
            return false;
        shows = true;
    }
    return shows;
}

}  // namespace eryxon::pg
