// The OpenAPI 3.1 description of all routes, made from the database's own description of records.
#pragma once

#include <string>
#include <string_view>

namespace eryxon::gateway {

// Asks how an entity's schema is had: one column, an SQL expression on `e.entity`; no row without the extension.
const char* describing_query();
// Asks for all entities: [{"entity":...,"schema":...}, ...]. `describing` is the answer of describing_query().
std::string entities_query(std::string_view describing);

// The document. `entities` is the answer of entities_query().
std::string write_openapi(std::string_view entities, const std::string& base_path);

// The fixed parts, as JSON: the document without entities, the paths of events and webhooks and of the admin pages, and
// the paths of an entity and of its files, where @ stands for its name.
const char* openapi_frame();
const char* openapi_event_paths();
const char* openapi_admin_paths();
const char* openapi_entity_paths();
const char* openapi_file_paths();

}  // namespace eryxon::gateway
