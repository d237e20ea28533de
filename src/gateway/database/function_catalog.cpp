// The catalog query, and reading its answer.
#include "gateway/base/catalog.hpp"

#include "core/json/json.hpp"

namespace eryxon::gateway {

namespace {

// Functions that a client can name; out arguments are part of the result. A setting of a role in this database goes
// before the role's general one; what only a superuser may set is left out, as is the isolation level.
constexpr const char* query = R"sql(
WITH functions AS (
    SELECT p.proname AS name, p.provolatile AS volatility, p.proretset AS returns_set,
           t.typtype = 'c' OR t.oid = 'record'::regtype AS returns_row,
           t.oid = 'void'::regtype AS returns_void, t.oid = 'json'::regtype AS returns_json,
           (SELECT coalesce(json_agg(json_build_object('name', coalesce(a.name, ''), 'type', format_type(a.type, NULL),
                                                       'required', a.place <= p.pronargs - p.pronargdefaults) ORDER BY a.place), '[]')
              FROM (SELECT i.name, i.type, row_number() OVER (ORDER BY i.n) AS place
                      FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]), p.proargnames, p.proargmodes)
                           WITH ORDINALITY AS i(type, name, mode, n)
                     WHERE coalesce(i.mode, 'i') IN ('i', 'b', 'v')) AS a) AS arguments
      FROM pg_proc p JOIN pg_type t ON t.oid = p.prorettype
     WHERE p.pronamespace = (SELECT n.oid FROM pg_namespace n WHERE n.nspname = $1)
       AND p.prokind = 'f' AND p.prorettype <> 'trigger'::regtype AND p.prorettype <> 'event_trigger'::regtype),
settings AS (
    SELECT DISTINCT ON (r.rolname, g.name) r.rolname AS role, g.name, substr(c.line, strpos(c.line, '=') + 1) AS value
      FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole CROSS JOIN unnest(s.setconfig) AS c(line)
      JOIN pg_settings g ON lower(g.name) = lower(split_part(c.line, '=', 1))
     WHERE s.setdatabase IN (0, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))
       AND pg_has_role(session_user, r.oid, 'MEMBER') AND g.name <> 'default_transaction_isolation'
       AND (g.context = 'user' OR has_parameter_privilege(session_user, g.name, 'SET'))
     ORDER BY r.rolname, g.name, s.setdatabase DESC)
SELECT json_build_object('functions', (SELECT coalesce(json_agg(f), '[]') FROM functions f),
                         'settings', (SELECT coalesce(json_agg(s), '[]') FROM settings s))
)sql";

// The member; throws where the answer lacks it.
const core::Json& member(const core::Json& object, std::string_view name) {
    const core::Json* found = object.find(name);
    if (found == nullptr) throw core::CallError(core::Code::invalid_payload, "no " + std::string(name));
    return *found;
}

std::string text(const core::Json& object, std::string_view name) {
    return std::string(member(object, name).text());
}

bool flag(const core::Json& object, std::string_view name) {
    return member(object, name).as_bool();
}

Returns returns(const core::Json& function) {
    bool const many = flag(function, "returns_set");
    if (flag(function, "returns_void")) return Returns::nothing;
    if (flag(function, "returns_row")) return many ? Returns::rows : Returns::row;
    if (flag(function, "returns_json") && !many) return Returns::json;
    return many ? Returns::scalars : Returns::scalar;
}

// Reads one function of the answer.
Function read_function(const core::Json& json) {
    Function function{.name = text(json, "name"),
                      .arguments = {},
                      .returns = returns(json),
                      .document_type = {},
                      .is_volatile = text(json, "volatility") == "v"};
    for (const core::Json& argument : member(json, "arguments").items())
        function.arguments.push_back({text(argument, "name"), text(argument, "type"), flag(argument, "required")});
    if (function.arguments.size() == 1 && function.arguments.front().name.empty())
        function.document_type = function.arguments.front().type;
    return function;
}

// Clients can only call by names, or hand over one document.
bool is_callable(const Function& function) {
    if (!function.document_type.empty()) return function.document_type == "json" || function.document_type == "jsonb";
    for (const Argument& argument : function.arguments)
        if (argument.name.empty()) return false;
    return true;
}

template <class Map>
const typename Map::mapped_type& find_in(const Map& map, const std::string& name) {
    static const typename Map::mapped_type none;
    auto const found = map.find(name);
    return found == map.end() ? none : found->second;
}

}  // namespace

Catalog::Catalog(std::string_view json) {
    core::JsonArena arena;
    core::Json const answer = core::parse_json(json, arena);
    for (const core::Json& item : member(answer, "functions").items()) {
        Function function = read_function(item);
        if (is_callable(function)) functions_[function.name].push_back(std::move(function));
    }
    for (const core::Json& setting : member(answer, "settings").items())
        settings_[text(setting, "role")].push_back({text(setting, "name"), text(setting, "value")});
}

const std::vector<Function>& Catalog::find(const std::string& name) const {
    return find_in(functions_, name);
}

const std::vector<RoleSetting>& Catalog::settings(const std::string& role) const {
    return find_in(settings_, role);
}

const char* catalog_query() {
    return query;
}

}  // namespace eryxon::gateway
