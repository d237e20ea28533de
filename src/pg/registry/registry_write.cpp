// Writing the registry.
#include "pg/registry/registry_write.hpp"

#include "core/base/sql_text.hpp"
#include "pg/registry/catalog.hpp"
#include "pg/server/compat.hpp"
#include "pg/server/security_context.hpp"
#include "pg/server/spi.hpp"

#include <charconv>

extern "C" {
#include "catalog/namespace.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
}

namespace eryxon::pg {

namespace {

struct Action {
    std::string_view name;
    const char* function;
    int arguments;
};

constexpr Action actions[] = {{"attach", "eryxon_attach", 3},
                              {"detach", "eryxon_detach", 1},
                              {"map", "eryxon_map_field", 3},
                              {"unmap", "eryxon_unmap_field", 2}};

const Action& action_named(std::string_view name) {
    for (const Action& action : actions)
        if (action.name == name) return action;
    throw core::CallError(core::Code::invalid_option, "unknown action \"" + std::string(name) + "\"");
}

// The schema that CREATE EXTENSION put the functions in.
Oid function_schema() {
    Oid schema = InvalidOid;
    execute(core::sql("SELECT extnamespace FROM pg_catalog.pg_extension WHERE extname == 'eryxon_sync'"), {},
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

// Keeps the registry from changing between the checks and the write.
void lock_registry() {
    call([] {
        Oid const registry = get_relname_relid("entity", get_namespace_oid("eryxon", false));
        LockRelationOid(registry, ShareRowExclusiveLock);
    });
}

void require_owner(Oid table) {
    call([table] {
        bool const exists = get_rel_name(table) != nullptr;
        if (exists && !owns_relation(table, GetUserId()))
            aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE, get_rel_name(table));
    });
}

// A text that names something; anything else has no one meaning.
std::string_view name_in(const core::Json& args, const char* member) {
    const core::Json* value = args.find(member);
    if (value == nullptr || !value->is_string())
        throw core::CallError(core::Code::invalid_option, std::string(member) + " must be a text");
    return value->text();
}

// The table to attach: an oid and nothing else.
Oid named_table(const core::Json& args) {
    const core::Json* table = args.find("table");
    bool const has_text = table != nullptr && (table->is_number() || table->is_string());
    std::string_view const text = has_text ? table->text() : std::string_view();
    Oid oid = InvalidOid;
    auto const read = std::from_chars(text.data(), text.data() + text.size(), oid);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size() || !OidIsValid(oid))
        throw core::CallError(core::Code::invalid_option, "table must be the oid of a table");
    return oid;
}

// The table that the entity has; InvalidOid if it is not attached.
Oid table_of(std::string_view entity) {
    Oid registered = InvalidOid;
    execute(core::sql("SELECT table_name::pg_catalog.oid FROM eryxon.entity WHERE entity == $1"), {Param::text(entity)},
            [&](const Row& row) { registered = row.oid(0); });
    return registered;
}

// The entity of whose rows a rule makes the child's rows parts; empty for any other rule.
std::string_view parent_in(const core::Json& args) {
    const core::Json* rule = args.find("rule");
    const core::Json* references = rule != nullptr && rule->is_object() ? rule->find("references") : nullptr;
    if (references == nullptr || !references->is_object()) return {};
    const core::Json* parent = references->find("parent");
    const core::Json* entity = references->find("entity");
    bool const of_parent = parent != nullptr && parent->is_boolean() && parent->as_bool() && entity != nullptr;
    return of_parent && entity->is_string() ? entity->text() : std::string_view();
}

// Deletes of a parent's row run triggers of the child's table: that takes what a foreign key would take.
void require_references(Oid child, std::string_view parent) {
    Oid const table = table_of(parent);
    if (!OidIsValid(child) || !OidIsValid(table) || !relation_exists(child) || !relation_exists(table)) return;
    if (may_refer(table_owner(child), table)) return;
    call([&] {
        ereport(ERROR,
                (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                 errmsg("the owner of table %s may not refer to table %s", get_rel_name(child), get_rel_name(table)),
                 errhint("GRANT REFERENCES ON %s TO %s.", get_rel_name(table),
                         quote_identifier(GetUserNameFromId(table_owner(child), false)))));
    });
}

}  // namespace

void write_registry(std::string_view name, Datum args_jsonb, const core::Json& args) {
    const Action& action = action_named(name);
    require_execute(action);
    lock_registry();
    std::string_view const entity = name_in(args, "entity");
    Oid const table = name == "attach" ? named_table(args) : table_of(entity);
    if (OidIsValid(table)) require_owner(table);
    if (name == "map") require_references(table, parent_in(args));
    as_extension_owner([&] {
        execute("SELECT eryxon.apply_registry($1, $2, $3, $4)",
                {Param::text(name), Param::text(entity),
                 Param{REGCLASSOID, ObjectIdGetDatum(table), !OidIsValid(table)}, Param{JSONBOID, args_jsonb}});
    });
}

void announce_registry_change() {
    for (Oid relation : registry_relations())
        call([relation] { CacheInvalidateRelcacheByRelid(relation); });
}

}  // namespace eryxon::pg
