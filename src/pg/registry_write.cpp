// Writing the registry.
#include "pg/registry_write.hpp"

#include "pg/catalog.hpp"
#include "pg/compat.hpp"
#include "pg/owner.hpp"
#include "pg/spi.hpp"

#include <charconv>

extern "C" {
#include "catalog/namespace.h"
#include "commands/extension.h"
#include "utils/acl.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
}

namespace eryxon::pg {

namespace {

struct Action {
    std::string_view name;
    const char* function;
    int arguments;
    bool of_table;
};

constexpr Action actions[] = {{"attach", "eryxon_attach", 3, true},
                              {"detach", "eryxon_detach", 1, true},
                              {"map", "eryxon_map_field", 3, false},
                              {"unmap", "eryxon_unmap_field", 2, false}};

const Action& action_named(std::string_view name) {
    for (const Action& action : actions)
        if (action.name == name) return action;
    throw core::CallError(core::Code::invalid_option, "unknown action \"" + std::string(name) + "\"");
}

// The schema that CREATE EXTENSION put the functions in.
Oid function_schema() {
    Oid schema = InvalidOid;
    execute("SELECT extnamespace FROM pg_catalog.pg_extension WHERE extname OPERATOR(pg_catalog.=) 'eryxon_sync'", {},
            [&](const Row& row) { schema = row.oid(0); });
    return schema;
}

void require_execute(const Action& action) {
    Oid const schema = function_schema();
    call([&] {
        char* schema_name = get_namespace_name(schema);
        List* name = list_make2(makeString(schema_name), makeString(pstrdup(action.function)));
        FuncCandidateList found = FuncnameGetCandidates(name, action.arguments, NIL, false, false, false, true);
        bool const allowed = found != nullptr && function_privilege(found->oid, GetUserId()) == ACLCHECK_OK;
        if (!allowed) aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FUNCTION, action.function);
    });
}

void require_owner(Oid table) {
    call([table] {
        bool const exists = get_rel_name(table) != nullptr;
        if (exists && !owns_relation(table, GetUserId()))
            aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE, get_rel_name(table));
    });
}

// The table that the action is about: named for attach, the registered one for detach.
Oid table_of(const Action& action, const core::Json& args) {
    const core::Json* table = args.find("table");
    if (action.name == "attach") {
        Oid oid = InvalidOid;
        if (table != nullptr && table->is_scalar())
            std::from_chars(table->text().data(), table->text().data() + table->text().size(), oid);
        return oid;
    }
    const core::Json* entity = args.find("entity");
    Oid registered = InvalidOid;
    execute("SELECT table_name::pg_catalog.oid FROM eryxon.entity WHERE entity OPERATOR(pg_catalog.=) $1",
            {Param::text(entity != nullptr ? entity->text() : std::string_view())},
            [&](const Row& row) { registered = row.oid(0); });
    return registered;
}

}  // namespace

void write_registry(std::string_view name, Datum args_jsonb, const core::Json& args) {
    const Action& action = action_named(name);
    require_execute(action);
    if (action.of_table)
        if (Oid const table = table_of(action, args); OidIsValid(table)) require_owner(table);
    as_extension_owner([&] {
        execute("SELECT eryxon.apply_registry($1, $2)", {Param::text(name), Param{JSONBOID, args_jsonb}});
    });
}

void announce_registry_change() {
    for (Oid relation : registry_relations())
        call([relation] { CacheInvalidateRelcacheByRelid(relation); });
}

}  // namespace eryxon::pg
