// Scans a catalog by an index.
#include "pg/server/catalog_scan.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
}

namespace eryxon::pg {

Oid read_catalog_oid(Oid catalog, Oid index, ScanKeyData key, Oid (*read)(HeapTuple)) {
    Relation relation = table_open(catalog, AccessShareLock);
    SysScanDesc scan = systable_beginscan(relation, index, true, nullptr, 1, &key);
    HeapTuple tuple = systable_getnext(scan);
    Oid const oid = HeapTupleIsValid(tuple) ? read(tuple) : InvalidOid;
    systable_endscan(scan);
    table_close(relation, AccessShareLock);
    return oid;
}

}  // namespace eryxon::pg
