// What row-level security leaves of a table's rows, as far as one look at its policies tells.
#pragma once

#include "pg/server/prelude.hpp"

extern "C" {
#include "utils/rel.h"
}

namespace eryxon::pg {

// True if the table's policies show every row of the tenant, as eryxon_tenant_id() names it now, to a SELECT of the
// current user: there is none for reading but that of eryxon_create_tables. `tenant_column` is the number of tenant_id.
// For use inside call().
bool shows_whole_tenant(Relation table, AttrNumber tenant_column);

}  // namespace eryxon::pg
