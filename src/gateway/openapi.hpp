// The OpenAPI 3.1 description of all routes, made from the database's own description of records.
#pragma once

#include <string>
#include <string_view>

namespace eryxon::gateway {

// Finds the schema of the extension's functions: one column, SQL-quoted; no row where it is not installed.
const char* extension_query();
// Describes all entities: [{"entity","singular","schema"}, ...] in one column; the schema is quoted.
std::string entities_query(std::string_view quoted_schema);

// The document. `entities` is the answer of entities_query().
std::string write_openapi(std::string_view entities, const std::string& base_path);

}  // namespace eryxon::gateway
