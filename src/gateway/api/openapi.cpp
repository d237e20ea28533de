// Puts the document together: the fixed parts, and for each entity its paths and the schema of its records.
#include "gateway/api/openapi.hpp"

#include "core/json/json.hpp"

#include <vector>

namespace eryxon::gateway {

namespace {

using core::Json;
using core::JsonArena;
using core::JsonMember;
using Members = std::vector<JsonMember>;

constexpr std::string_view local_reference = "#/$defs/";

// The name under which a record within another one is described: there it inherits its source.
std::string nested_name(std::string_view entity) {
    return std::string(entity) + ".nested";
}

// The value with references to definitions of its own turned into references to the document's schemas.
Json relocate(const Json& value, JsonArena& arena) {
    if (value.is_array()) {
        std::vector<Json> items;
        for (const Json& item : value.items())
            items.push_back(relocate(item, arena));
        return arena.array(items);
    }
    if (!value.is_object()) return value;
    Members members;
    for (const JsonMember& member : value.members()) {
        if (member.name == "$defs" || member.name == "$schema") continue;
        Json moved = relocate(member.value, arena);
        if (member.name == "$ref" && moved.is_string() && moved.text().starts_with(local_reference)) {
            std::string const name = nested_name(moved.text().substr(local_reference.size()));
            moved = Json::string(arena.copy("#/components/schemas/" + name));
        }
        members.push_back({member.name, moved});
    }
    return arena.object(members);
}

void append(Members& members, const Json& object) {
    members.insert(members.end(), object.members().begin(), object.members().end());
}

// The object with one member replaced or added.
Json with(const Json& object, std::string_view name, const Json& value, JsonArena& arena) {
    Members members;
    append(members, object);
    members.push_back({name, value});
    return arena.object(members);
}

// The paths of one entity.
Json entity_paths(const char* paths, std::string_view entity, JsonArena& arena) {
    std::string text;
    for (const char* c = paths; *c != '\0'; ++c)
        if (*c == '@')
            text += entity;
        else
            text += *c;
    return core::parse_json(text, arena);
}

// Adds the schemas of an entity's records and of those within them.
void append_schemas(Members& schemas, std::string_view entity, const Json& schema, JsonArena& arena) {
    schemas.push_back({entity, relocate(schema, arena)});
    const Json* nested = schema.find("$defs");
    if (nested == nullptr || !nested->is_object()) return;
    for (const JsonMember& member : nested->members())
        schemas.push_back({arena.copy(nested_name(member.name)), relocate(member.value, arena)});
}

}  // namespace

const char* describing_query() {
    return "SELECT CASE WHEN has_schema_privilege(n.oid, 'USAGE') THEN quote_ident(n.nspname) || "
           "'.eryxon_describe(e.entity)'"
           " ELSE '''{\"type\":\"object\"}''::jsonb' END"
           " FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace WHERE x.extname = 'eryxon_sync'";
}

std::string entities_query(std::string_view describing) {
    return "SELECT coalesce(json_agg(json_build_object('entity', e.entity, 'schema', " + std::string(describing) +
           ") ORDER BY e.ordinal), '[]') FROM eryxon.entity e"
           " WHERE EXISTS (SELECT FROM pg_class c WHERE c.oid = e.table_name)";
}

std::string write_openapi(std::string_view entities, const std::string& base_path) {
    JsonArena arena;
    Json document = core::parse_json(openapi_frame(), arena);
    Json const list = core::parse_json(entities, arena);
    Members paths, schemas;
    append(paths, *document.find("paths"));
    append(paths, core::parse_json(openapi_event_paths(), arena));
    append(paths, core::parse_json(openapi_admin_paths(), arena));
    append(schemas, *document.find("components")->find("schemas"));
    for (const Json& item : list.items()) {
        std::string_view const entity = item.find("entity")->text();
        append(paths, entity_paths(openapi_entity_paths(), entity, arena));
        append(paths, entity_paths(openapi_file_paths(), entity, arena));
        append_schemas(schemas, entity, *item.find("schema"), arena);
    }
    JsonMember const url{"url", Json::string(base_path.empty() ? "/" : std::string_view(base_path))};
    Json const server = arena.object({&url, 1});
    JsonMember const version{"version", Json::string(ERYXON_VERSION)};
    document = with(document, "servers", arena.array({&server, 1}), arena);
    document = with(document, "info", with(*document.find("info"), version.name, version.value, arena), arena);
    document = with(document, "paths", arena.object(paths), arena);
    document = with(document, "components", with(*document.find("components"), "schemas", arena.object(schemas), arena),
                    arena);
    std::string out;
    core::write_json(document, out);
    return out;
}

}  // namespace eryxon::gateway
