// The foreign keys of attached tables, and the statements that follow them in both directions.
#pragma once

#include "pg/registry/registry.hpp"

#include <unordered_set>

namespace eryxon::pg {

// A foreign key from or to an attached table; or, without a name, a rule's parent reference that no foreign key backs.
struct ForeignKey {
    std::string name;
    Oid from, to;
    const core::Entity* child;   // nullptr: `from` is not attached
    const core::Entity* parent;  // nullptr: `to` is not attached
    char on_delete;              // FKCONSTR_ACTION_...
    struct Pair {
        std::string from, to;  // columns
        std::string equal;     // OPERATOR(...) for to = from
        Oid to_type, from_type;
    };
    std::vector<Pair> pairs;

    // True if the key refers to the id, with or without the tenant: then the child's row alone tells its parent.
    bool refers_to_id() const;

    // Statements over tenant $1 and ids $2; not for references of tables that are not attached.
    std::string children_sql;          // live child rows of the parents: child id, parent id
    std::string deleted_children_sql;  // the soft-deleted ones
    std::string parents_sql;           // parents of the child rows: child id, parent id
    std::string referrers_sql;         // one live child row of the parents, of any tenant: child id
    // Where the key refers to other columns, $3 and so on are their values in the rows of the ids. Each table is read
    // by its own owner, for whoever reads it runs its policies. The statements that read them, of parents and children:
    std::string parent_values_sql, child_values_sql;  // arrays of the ids and of each column
    // Statement over the values of the child's columns: returns a row if the parent is there.
    std::string exists_sql;

    // The child's rows are deleted and restored with the parent's.
    bool cascades() const;
    // The child's live rows keep the parent's from being deleted.
    bool forbids() const;
    // A delete of the parent's row changes or deletes the child's.
    bool acts() const;
};

struct ForeignKeys {
    std::vector<ForeignKey> keys;
    // Tables whose DELETE statements all end in the trigger that does deferred deletes.
    std::unordered_set<Oid> deferring;
};

// The foreign keys of that state of the registry. Needs an SPI connection.
std::shared_ptr<const ForeignKeys> foreign_keys(const Registry& registry);

}  // namespace eryxon::pg
