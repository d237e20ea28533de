// Rows that a record deletes, brings back or takes along beside its own: what belongs to a deleted row, what went with
// a restored one, the children that an array leaves out, and what is below a row that moves.
#include "core/base/sql_text.hpp"
#include "pg/deletes/cascade_set.hpp"
#include "pg/server/security_context.hpp"
#include "pg/upsert/pipeline.hpp"
#include "pg/upsert/row_index.hpp"

#include <algorithm>

namespace eryxon::pg {

namespace {

// True if rows of an entity that the batch has records of belong to, or refer to, this one's.
bool reaches_batch(const Batch& batch, const core::Entity& deleted) {
    return std::any_of(batch.by_entity.begin(), batch.by_entity.end(), [&](const auto& group) {
        const auto& fields = group.second.front()->entity().fields;
        return std::any_of(fields.begin(), fields.end(), [&](const core::Field& field) {
            return field.reference && field.mapped() && field.reference->entity == deleted.name;
        });
    });
}

// Rows that records delete or restore, and those records.
struct Roots {
    std::vector<core::Uuid> ids;
    std::vector<const Item*> records;

    void add(const core::Uuid& id, const Item& record) {
        ids.push_back(id);
        records.push_back(&record);
    }
};

// Adds the rows below roots of one entity to what their records touch, with the roots themselves if wanted.
void add_below(UpsertCall& upsert, const core::Entity& entity, const Roots& roots, RowState state, bool with_roots,
               Cascades& cascades) {
    if (roots.ids.empty()) return;
    CascadeSet rows(upsert.registry, entity, upsert.tenant, Ids(roots.ids.begin(), roots.ids.end()), false, state);
    rows.grow();
    for (const auto& [of, ids] : rows.attribute(roots.ids))
        for (const auto& [id, root] : ids)
            if (with_roots || of != &entity || id != roots.ids[root]) cascades[roots.records[root]].push_back({of, id});
}

// Trees that will be written and those that will be refused, apart: a row is attributed to one record only.
class BothRoots {
public:
    void add(const core::Uuid& id, const Item& record) { (faulty(*record.tree) ? refused_ : sound_).add(id, record); }

    void add_below(UpsertCall& upsert, const core::Entity& entity, RowState state, bool with_roots,
                   Cascades& cascades) const {
        for (const Roots* roots : {&sound_, &refused_})
            pg::add_below(upsert, entity, *roots, state, with_roots, cascades);
    }

private:
    bool faulty(const RecordTree& tree) {
        auto const [known, fresh] = faulty_.try_emplace(&tree);
        if (fresh) known->second = tree.faulty();
        return known->second;
    }

    Roots sound_, refused_;
    std::map<const RecordTree*, bool> faulty_;
};

void add_deleted(UpsertCall& upsert, const std::vector<Item*>& items, Cascades& cascades) {
    BothRoots roots;
    for (const Item* item : items)
        if (item->plan == Plan::remove) roots.add(item->id, *item);
    roots.add_below(upsert, items.front()->entity(), RowState::live, false, cascades);
}

void add_missing(UpsertCall& upsert, const std::vector<Item*>& items, Cascades& cascades) {
    if (upsert.options.children != core::ChildrenStrategy::replace) return;
    for (const core::Entity::Children& spec : items.front()->entity().children) {
        BothRoots roots;
        for (const MissingChild& child : missing_children(upsert, spec, items))
            roots.add(child.id, *child.above);
        if (const core::Entity* entity = upsert.registry.schema.find(spec.entity))
            roots.add_below(upsert, *entity, RowState::live, true, cascades);
    }
}

// A deletion: the entity of the row that was deleted, and the row.
using Deletion = std::pair<std::string, core::Uuid>;

// The rows that come back with those of restoring records.
class Returns {
public:
    Returns(UpsertCall& upsert, const RowIndex& index, Cascades& cascades)
        : upsert_(upsert), index_(index), cascades_(cascades) {}

    // Notes which deletions took the rows of records of one entity.
    void read_deletions(const std::vector<Item*>& items);
    // Adds what comes back with them, once the deletions of all records are known.
    void add(const std::vector<Item*>& items);

private:
    bool comes_back_above(const Item& item) const;
    void add_whole(const std::string& entity, const Roots& roots);
    void add_hanging(const core::Entity& entity, const Roots& roots);
    void add_taken_away(const std::vector<Item*>& items);
    bool restores_below(const Item& item, const core::Entity& entity, const core::Uuid& id) const;

    UpsertCall& upsert_;
    const RowIndex& index_;
    Cascades& cascades_;
    std::map<const Item*, Deletion> deletions_{};
};

void Returns::read_deletions(const std::vector<Item*>& items) {
    Roots restored;
    for (const Item* item : items)
        if (item->plan == Plan::restore) restored.add(item->id, *item);
    if (restored.ids.empty()) return;
    std::string const statement = core::sql(
        R"(SELECT u.n, s.entity, s.root
             FROM {rows}
             JOIN eryxon.soft_delete AS s ON s.tenant_id == $1 AND s.row_entity == $4 AND s.row_id == u.id)",
        {{"rows", unnested({"id"})}});
    as_extension_owner([&] {
        execute(statement,
                {Param::uuid(upsert_.tenant), uuid_array(restored.ids), length_param(restored.ids),
                 Param::text(items.front()->entity().name)},
                [&](const Row& row) {
                    const Item* item = restored.records[static_cast<std::size_t>(row.integer(0) - 1)];
                    deletions_[item] = {std::string(row.text(1)), row.uuid(2)};
                });
    });
}

// True if a record that this one stands in brings back what went with both.
bool Returns::comes_back_above(const Item& item) const {
    for (const Item* above = item.parent; above != nullptr; above = above->parent)
        if (auto const of = deletions_.find(above); of != deletions_.end() && of->second == deletions_.at(&item))
            return true;
    return false;
}

// True if a record that stands in this one restores that row by itself.
bool Returns::restores_below(const Item& item, const core::Entity& entity, const core::Uuid& id) const {
    auto const records = index_.find(entity, id);
    return std::any_of(records.begin(), records.end(),
                       [&](const Item* other) { return other->plan == Plan::restore && other->stands_in(item); });
}

// All that went with rows which were deleted themselves.
void Returns::add_whole(const std::string& entity, const Roots& roots) {
    if (roots.ids.empty()) return;
    std::string const statement = core::sql(
        R"(SELECT u.n, r.row_entity, r.row_id
             FROM {rows} JOIN eryxon.soft_delete AS r ON r.tenant_id == $1 AND r.entity == $4 AND r.root == u.id)",
        {{"rows", unnested({"id"})}});
    as_extension_owner([&] {
        execute(statement,
                {Param::uuid(upsert_.tenant), uuid_array(roots.ids), length_param(roots.ids), Param::text(entity)},
                [&](const Row& row) {
                    const Item& item = *roots.records[static_cast<std::size_t>(row.integer(0) - 1)];
                    const core::Entity* of = upsert_.registry.schema.find(row.text(1));
                    if (of == nullptr || row.uuid(2) == item.id || restores_below(item, *of, row.uuid(2))) return;
                    cascades_[&item].push_back({of, row.uuid(2)});
                });
    });
}

// What hangs on rows that went with another one.
void Returns::add_hanging(const core::Entity& entity, const Roots& roots) {
    BothRoots both;
    for (std::size_t i = 0; i < roots.ids.size(); i++)
        both.add(roots.ids[i], *roots.records[i]);
    Cascades hanging;
    both.add_below(upsert_, entity, RowState::deleted, false, hanging);
    for (const auto& [item, rows] : hanging)
        for (const CascadeRow& row : rows)
            if (!restores_below(*item, *row.entity, row.id)) cascades_[item].push_back(row);
}

// Rows of records elsewhere in the tree that take these from below a restored row.
void Returns::add_taken_away(const std::vector<Item*>& items) {
    for (const Item* other : items)
        for (const auto& [field, id] : other->old_parents) {
            const core::Entity* above = upsert_.registry.schema.find(field->reference->entity);
            if (above == nullptr || !deletions_.contains(other)) continue;
            for (const Item* item : index_.find(*above, id))
                if (item->tree == other->tree && deletions_.contains(item) && !other->stands_in(*item) &&
                    deletions_.at(item) == deletions_.at(other))
                    cascades_[item].push_back({&other->entity(), other->id});
        }
}

void Returns::add(const std::vector<Item*>& items) {
    const core::Entity& entity = items.front()->entity();
    Roots whole, hanging;
    for (const Item* item : items) {
        auto const deletion = deletions_.find(item);
        if (deletion == deletions_.end() || comes_back_above(*item)) continue;
        bool const itself = deletion->second == Deletion{entity.name, item->id};
        (itself ? whole : hanging).add(item->id, *item);
    }
    add_whole(entity.name, whole);
    add_hanging(entity, hanging);
    add_taken_away(items);
}

// What is below a row that moves tells whether it may; so nobody else may change it meanwhile.
void add_moved(UpsertCall& upsert, const std::vector<Item*>& items, Cascades& cascades) {
    BothRoots roots;
    for (const Item* item : items)
        if (changes_parent(*item)) roots.add(item->id, *item);
    roots.add_below(upsert, items.front()->entity(), RowState::live, false, cascades);
}

// Reads the values that the rows hold in unique indexes.
void read_unique_hashes(UpsertCall& upsert, const Batch& batch, Cascades& cascades) {
    std::map<const core::Entity*, std::vector<CascadeRow*>> by_entity;
    for (auto& [item, rows] : cascades)
        for (CascadeRow& row : rows)
            if (batch.by_entity.contains(row.entity->order)) by_entity[row.entity].push_back(&row);
    for (auto& [entity, rows] : by_entity) {
        const Table& table = upsert.registry.table(*entity);
        if (table.unique_columns.empty()) continue;
        std::vector<core::Uuid> ids;
        for (const CascadeRow* row : rows)
            ids.push_back(row->id);
        execute(
            core::sql(
                "SELECT u.n{columns} FROM {rows} JOIN {table} AS t ON t.tenant_id == $1 AND t.id == u.id",
                {{"columns", unique_column_list(*entity, table)}, {"rows", unnested({"id"})}, {"table", table.name}}),
            {Param::uuid(upsert.tenant), uuid_array(ids), length_param(ids)}, [&, to = &rows](const Row& row) {
                (*to)[static_cast<std::size_t>(row.integer(0) - 1)]->unique_hashes = unique_hashes(table, row, 1);
            });
    }
}

}  // namespace

Cascades read_cascades(UpsertCall& upsert, const Batch& batch, std::span<Item* const> items) {
    Cascades cascades;
    RowIndex const index(items);
    Returns returns(upsert, index, cascades);
    ItemGroups const groups = group_items(items);
    for (const auto& [order, group] : groups)
        returns.read_deletions(group);
    for (const auto& [order, group] : groups) {
        if (!reaches_batch(batch, group.front()->entity())) continue;
        add_deleted(upsert, group, cascades);
        returns.add(group);
        add_missing(upsert, group, cascades);
    }
    if (!cascades.empty()) read_unique_hashes(upsert, batch, cascades);
    for (const auto& [order, group] : groups)
        if (reaches_batch(batch, group.front()->entity())) add_moved(upsert, group, cascades);
    return cascades;
}

}  // namespace eryxon::pg
