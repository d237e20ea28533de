// The rows that belong together: some root rows and everything that a delete of them takes along.
#pragma once

#include "pg/deletes/row_links.hpp"

namespace eryxon::pg {

// By entity, in dependency order.
struct EntityOrder {
    bool operator()(const core::Entity* a, const core::Entity* b) const { return a < b; }
};
template <class Value>
using ByEntity = std::map<const core::Entity*, Value, EntityOrder>;

// Rows found from the roots, and the way they were found.
class CascadeSet {
public:
    // `lock`: lock every row before the rows below it are looked for, those of one entity in key order.
    CascadeSet(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant, Ids roots, bool lock,
               RowState state = RowState::live);

    // Finds everything below the roots.
    void grow();

    const ByEntity<Ids>& rows() const { return rows_; }
    // The index of the first of the roots from which each row is reached, by entity and id; with `topmost_first`, roots
    // that are below none of the others go before the rest.
    ByEntity<std::map<core::Uuid, std::size_t>> attribute(std::span<const core::Uuid> roots,
                                                          bool topmost_first = false) const;

private:
    struct Found {
        const ForeignKey* key;
        Link link;
    };

    void grow_entity(const core::Entity& entity);
    std::vector<Found> look_up(const core::Entity& entity) const;
    Ids lock_new(const core::Entity& entity, const std::vector<Found>& found, const Ids& tried);
    void mark_below(const core::Entity& entity);
    std::vector<std::size_t> order_of(std::span<const core::Uuid> roots, bool topmost_first) const;

    const Registry& registry_;
    const core::Entity& entity_;
    const core::Uuid& tenant_;
    std::shared_ptr<const ForeignKeys> keys_;
    bool lock_;
    RowState state_;
    ByEntity<Ids> rows_;
    ByEntity<std::vector<Found>> found_;  // by the child's entity
    std::map<RowKey, std::vector<RowKey>> below_;
    std::set<const core::Entity*> open_;  // entities whose rows are still to be looked for
};

}  // namespace eryxon::pg
