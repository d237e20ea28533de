// Following foreign keys from rows of attached tables to others.
#pragma once

#include "pg/deletes/row_locks.hpp"
#include "pg/registry/foreign_keys.hpp"

#include <optional>
#include <vector>

namespace eryxon::pg {

// A child row and the parent it refers to.
struct Link {
    core::Uuid child, parent;
};

// Children of the parents over the key, live ones or deleted ones.
std::vector<Link> children_of(const ForeignKey& key, const core::Uuid& tenant, const Ids& parents,
                              RowState state = RowState::live);
// The parents of the rows over the key.
std::vector<Link> parents_of(const ForeignKey& key, const core::Uuid& tenant, const Ids& children);

// A live child of one of the parents over the key, of whichever tenant.
std::optional<Link> referrer_of(const ForeignKey& key, const core::Uuid& tenant, const Ids& parents);

// True if the parents have live children over the key that the transaction's snapshot may not show, because they were
// committed later. Looks only where the isolation level keeps one snapshot.
bool has_unseen_children(const ForeignKey& key, const core::Uuid& tenant, const Ids& parents);

}  // namespace eryxon::pg
