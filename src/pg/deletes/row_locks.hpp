// Locking rows of attached tables by id.
#pragma once

#include "pg/registry/registry.hpp"
#include "pg/server/spi.hpp"

#include <set>
#include <utility>

namespace eryxon::pg {

using Ids = std::set<core::Uuid>;
// A row of an entity.
using RowKey = std::pair<const core::Entity*, core::Uuid>;

enum class RowState { live, deleted };
enum class RowLock { update, key_share };

// Locks those of the rows that are in the state, in the order of their external keys, with the present user's rights.
// Returns the ids of the locked ones.
Ids lock_rows(const Table& table, const core::Uuid& tenant, const Ids& ids, RowState state, RowLock lock);
// The same with the owner's rights.
Ids lock_rows_as_owner(const Table& table, const core::Uuid& tenant, const Ids& ids, RowState state, RowLock lock);

// The ids as an array parameter.
Param uuid_array(const Ids& ids);

}  // namespace eryxon::pg
