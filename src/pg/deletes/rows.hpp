// Rows of attached tables by id: locking, and following foreign keys.
#pragma once

#include "pg/registry/foreign_keys.hpp"
#include "pg/server/owner.hpp"
#include "pg/server/spi.hpp"

#include <map>
#include <optional>
#include <set>

namespace eryxon::pg {

using Ids = std::set<core::Uuid>;

enum class RowState { live, deleted };
enum class RowLock { update, key_share };

// Locks those of the rows that are in the state, in the order of their external keys, with the present user's rights.
// Returns the ids of the locked ones.
Ids lock_rows(const Table& table, const core::Uuid& tenant, const Ids& ids, RowState state, RowLock lock);
// The same with the owner's rights.
Ids lock_rows_as_owner(const Table& table, const core::Uuid& tenant, const Ids& ids, RowState state, RowLock lock);

// A child row and the parent it refers to.
struct Link {
    core::Uuid child, parent;
};

// Live children of the parents over the key.
std::vector<Link> children_of(const ForeignKey& key, const core::Uuid& tenant, const Ids& parents);
// The parents of the rows over the key.
std::vector<Link> parents_of(const ForeignKey& key, const core::Uuid& tenant, const Ids& children);

// A live child of one of the parents over the key, of whichever tenant.
std::optional<Link> referrer_of(const ForeignKey& key, const core::Uuid& tenant, const Ids& parents);

// True if the parents have live children over the key that the transaction's snapshot may not show, because they were
// committed later. Looks only where the isolation level keeps one snapshot.
bool has_unseen_children(const ForeignKey& key, const core::Uuid& tenant, const Ids& parents);

// The ids as an array parameter.
Param uuid_array(const Ids& ids);

}  // namespace eryxon::pg
