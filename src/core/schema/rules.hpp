// Reading a rule of the registry, the way eryxon_map_field() takes it.
#pragma once

#include "core/schema/schema.hpp"

namespace eryxon::core {

// Reads {"column", "aliases":[], "default", "required", "enum":[], "value_aliases":{}, "min", "max", "min_length",
// "max_length", "pattern", "write":"always"|"create"|"forward"|"until_started",
// "references":{"entity","match":"external_id"|"name","parent":bool, "children":"key"}} into a field; "column" defaults
// to the field's name, for a reference to <name>_id. Values that outlive the call are copied into the arena. Throws
// CallError INVALID_OPTION on an unknown key, a wrong type or a name that does not match ^[a-z][a-z0-9_]{0,47}$.
Field read_rule(std::string_view name, const Json& rule, JsonArena& arena);

// Joins fields with the columns of their tables (Field::column), fills Entity::children from the references, and
// brings the entities into dependency order: referenced before referencing, ties as given.
void link(Schema& schema);

}  // namespace eryxon::core
