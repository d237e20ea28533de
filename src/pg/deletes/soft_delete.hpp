// Soft deletes: rows go together with everything that belongs to them, and come back together.
#pragma once

#include "pg/registry/registry.hpp"

#include "core/base/uuid.hpp"

#include <set>
#include <span>
#include <utility>

namespace eryxon::pg {

// A row that went, or came back, with a root.
struct DeletedRow {
    std::size_t root;  // index into the call's roots
    const core::Entity* entity;
    core::Uuid id;
};

// Which root a row goes with that several lead to: the first one, or the topmost.
enum class RootOrder { as_given, topmost_first };

// Soft-deletes the live ones among the rows with everything that belongs to them; rows that are not live are left out.
// A root below one that comes before it goes with that one. The entity's own rows are written with the caller's rights,
// those that go along with the rights of their table's owner. Raises 23503 if a live row of an attached entity refers
// to one of them by a foreign key without cascade, 42501 if a policy keeps a root from being written, 09000 if a
// trigger does. Where the entity does not keep deleted rows the roots are really deleted.
std::vector<DeletedRow> soft_delete(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
                                    std::span<const core::Uuid> roots, RootOrder order = RootOrder::as_given);

// Demands the caller's DELETE privilege: a missing one is the call's error.
void require_delete_privilege(const Table& table);

// Demands that the caller may delete the live ones among the rows: the DELETE privilege on the table and its DELETE
// policies, neither of which marking rows as deleted asks for by itself. BEFORE DELETE triggers of the table fire with
// the policies.
void require_deletable(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
                       std::span<const core::Uuid> ids);

// What does not have to come back with restored rows.
struct Spared {
    std::set<std::pair<const core::Entity*, core::Uuid>> rows;  // left as they are, with what belongs to them
    std::set<core::Uuid> lenient_roots;  // below these, rows that refer to a deleted one stay deleted
};

// Brings back what went with the rows, all or nothing, and with restore_roots the rows themselves. Rows that were
// changed or deleted again since stay; so do spared ones, and rows below the roots whose parent stays deleted. Raises
// 23503 if a root's parent is deleted or a row refers to a deleted one, 23505 if a unique value was taken meanwhile.
std::vector<DeletedRow> restore_cascades(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
                                         std::span<const core::Uuid> roots, bool restore_roots,
                                         const Spared& spared = {});

// How far work has gone on a row or anything live that belongs to it.
struct Progress {
    bool running = false;  // an operation is in_progress
    bool started = false;  // a status is past the first
};

// The progress of each of the rows, which are locked; what belongs to them is locked here, so that it stays true.
std::vector<Progress> read_progress(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
                                    std::span<const core::Uuid> roots);

}  // namespace eryxon::pg
