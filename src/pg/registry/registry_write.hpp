// Writing the registry on behalf of callers who may administer it.
#pragma once

#include "core/json/json.hpp"
#include "pg/server/prelude.hpp"

#include <string_view>

namespace eryxon::pg {

// Runs eryxon.apply_registry() as the extension's owner, if the caller may execute the public function of the action
// and owns the entity's table. Entity and table are found here, once. Needs an SPI connection.
void write_registry(std::string_view action, Datum args_jsonb, const core::Json& args);

// Sends every session's cached registry a notice that it is out of date.
void announce_registry_change();

}  // namespace eryxon::pg
