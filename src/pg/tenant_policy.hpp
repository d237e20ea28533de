// What row-level security leaves of a table's rows, as far as one look at its policies tells.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "utils/rel.h"
}

namespace eryxon::pg {

// True if the table's policies show every row of the tenant to a SELECT of the current user: one of them is that of
// eryxon_create_tables, and none is restrictive. `tenant_column` is the number of tenant_id. For use inside call().
bool shows_whole_tenant(Relation table, AttrNumber tenant_column);

}  // namespace eryxon::pg
