// Walks down the foreign keys from the root rows.
#include "pg/deletes/cascade_set.hpp"

#include <algorithm>
#include <numeric>

namespace eryxon::pg {

CascadeSet::CascadeSet(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant, Ids roots,
                       bool lock, RowState state)
    : registry_(registry), entity_(entity), tenant_(tenant), keys_(foreign_keys(registry)), lock_(lock), state_(state) {
    rows_[&entity] = std::move(roots);
}

void CascadeSet::grow() {
    if (rows_[&entity_].empty()) return;
    mark_below(entity_);
    while (!open_.empty()) {
        const core::Entity& next = **open_.begin();
        open_.erase(open_.begin());
        grow_entity(next);
    }
    for (const auto& [entity, found] : found_)
        for (const Found& one : found)
            below_[{one.key->parent, one.link.parent}].push_back({entity, one.link.child});
}

// Notes that the entities whose rows belong to this one's must be looked at.
void CascadeSet::mark_below(const core::Entity& entity) {
    for (const ForeignKey& key : keys_->keys)
        if (key.cascades() && key.parent == &entity) open_.insert(key.child);
}

// Finds the entity's rows below all rows found so far; with locks, looks until nothing new appears under them.
void CascadeSet::grow_entity(const core::Entity& entity) {
    registry_.table(entity);  // refuses: rows that cannot be found must not be left behind
    Ids tried;
    std::vector<Found> found = look_up(entity);
    while (lock_) {
        Ids const fresh = lock_new(entity, found, tried);
        if (fresh.empty()) break;
        tried.insert(fresh.begin(), fresh.end());
        found = look_up(entity);
    }
    Ids& rows = rows_[&entity];
    std::size_t const before = rows.size();
    for (const Found& one : found)
        rows.insert(one.link.child);
    bool const grew = rows.size() > before;
    found_[&entity] = std::move(found);
    if (!grew) return;
    mark_below(entity);
    open_.erase(&entity);
}

// Locks the found rows that are neither part of the cascade nor tried before; returns them.
Ids CascadeSet::lock_new(const core::Entity& entity, const std::vector<Found>& found, const Ids& tried) {
    const Ids& rows = rows_[&entity];
    Ids fresh;
    for (const Found& one : found)
        if (rows.count(one.link.child) == 0 && tried.count(one.link.child) == 0) fresh.insert(one.link.child);
    lock_rows_as_owner(registry_.table(entity), tenant_, fresh, RowState::live, RowLock::update);
    return fresh;
}

// All rows of the entity below the rows found so far, and below one another.
std::vector<CascadeSet::Found> CascadeSet::look_up(const core::Entity& entity) const {
    std::vector<Found> found;
    Ids fresh;
    auto follow = [&](const ForeignKey& key, const Ids& parents, const Ids& known) {
        for (const Link& link : children_of(key, tenant_, parents, state_)) {
            found.push_back({&key, link});
            if (known.count(link.child) == 0) fresh.insert(link.child);
        }
    };
    Ids known;
    if (auto rows = rows_.find(&entity); rows != rows_.end()) known = rows->second;
    for (const ForeignKey& key : keys_->keys)
        if (auto parents = rows_.find(key.parent); key.cascades() && key.child == &entity && parents != rows_.end())
            follow(key, parents->second, known);
    while (!fresh.empty()) {
        Ids const level = std::move(fresh);
        fresh.clear();
        known.insert(level.begin(), level.end());
        for (const ForeignKey& key : keys_->keys)
            if (key.cascades() && key.child == &entity && key.parent == &entity) follow(key, level, known);
    }
    return found;
}

// The indexes of the roots in the order in which they claim rows.
std::vector<std::size_t> CascadeSet::order_of(std::span<const core::Uuid> roots, bool topmost_first) const {
    std::vector<std::size_t> order(roots.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (!topmost_first) return order;
    Ids below;
    if (auto found = found_.find(&entity_); found != found_.end())
        for (const Found& one : found->second)
            below.insert(one.link.child);
    std::stable_partition(order.begin(), order.end(), [&](std::size_t root) { return below.count(roots[root]) == 0; });
    return order;
}

ByEntity<std::map<core::Uuid, std::size_t>> CascadeSet::attribute(std::span<const core::Uuid> roots,
                                                                  bool topmost_first) const {
    ByEntity<std::map<core::Uuid, std::size_t>> first;
    const Ids& present = rows_.at(&entity_);
    for (std::size_t root : order_of(roots, topmost_first)) {
        if (present.count(roots[root]) == 0) continue;
        std::vector<RowKey> open{{&entity_, roots[root]}};
        while (!open.empty()) {
            RowKey const row = open.back();
            open.pop_back();
            if (!first[row.first].emplace(row.second, root).second) continue;
            if (auto children = below_.find(row); children != below_.end())
                open.insert(open.end(), children->second.begin(), children->second.end());
        }
    }
    return first;
}

}  // namespace eryxon::pg
