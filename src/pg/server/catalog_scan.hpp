// Reading one value from a system catalog that has no cache for it.
#pragma once

#include "pg/server/boundary.hpp"

extern "C" {
#include "access/htup.h"
#include "access/skey.h"
}

namespace eryxon::pg {

// The oid that `read` takes from the first row that the catalog's index has under the key; InvalidOid if there is none.
// Errors of the server pass as they are: to be called within call().
Oid read_catalog_oid(Oid catalog, Oid index, ScanKeyData key, Oid (*read)(HeapTuple));

}  // namespace eryxon::pg
