// Finding rows by external key straight in the index, where that finds just what a SELECT would.
#pragma once

#include "pg/upsert/upsert_call.hpp"

#include <span>

namespace eryxon::pg {

// Finds the rows of records of one entity, sorted by external key, as look_up() does. Returns false and does nothing
// where the index alone could tell more or less than a SELECT of the current user: without the right to read the whole
// table or to use its schema, under policies that may hide rows of the tenant, with partitions or child tables, or if
// the index has another order or equality.
bool scan_keys(const UpsertCall& upsert, std::span<Item* const> items);

}  // namespace eryxon::pg
