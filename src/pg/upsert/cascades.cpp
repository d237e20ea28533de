// Rows that a record deletes or brings back beside its own: what belongs to a deleted row, what went with a restored
// one, and the children that an array leaves out.
#include "core/base/sql_text.hpp"
#include "pg/deletes/unit.hpp"
#include "pg/server/owner.hpp"
#include "pg/upsert/pipeline.hpp"

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

// Adds the live rows below roots of one entity to what their records touch, with the roots themselves if wanted.
void add_below(UpsertCall& upsert, const core::Entity& entity, const std::vector<core::Uuid>& roots,
               const std::vector<const Item*>& records, bool with_roots, Cascades& cascades) {
    if (roots.empty()) return;
    RowUnit rows(upsert.registry, entity, upsert.tenant, Ids(roots.begin(), roots.end()), false);
    rows.grow();
    for (const auto& [of, ids] : rows.attribute(roots))
        for (const auto& [id, root] : ids)
            if (with_roots || of != &entity || id != roots[root]) cascades[records[root]].push_back({of, id});
}

void add_deleted(UpsertCall& upsert, const std::vector<Item*>& items, Cascades& cascades) {
    std::vector<core::Uuid> roots;
    std::vector<const Item*> records;
    for (const Item* item : items) {
        if (item->plan != Plan::remove) continue;
        roots.push_back(item->id);
        records.push_back(item);
    }
    add_below(upsert, items.front()->entity(), roots, records, false, cascades);
}

void add_missing(UpsertCall& upsert, const std::vector<Item*>& items, Cascades& cascades) {
    if (upsert.options.children != core::ChildrenStrategy::replace) return;
    for (const core::Entity::Children& spec : items.front()->entity().children) {
        std::vector<core::Uuid> roots;
        std::vector<const Item*> records;
        for (const MissingChild& child : missing_children(upsert, spec, items)) {
            roots.push_back(child.id);
            records.push_back(child.above);
        }
        if (const core::Entity* entity = upsert.registry.schema.find(spec.entity))
            add_below(upsert, *entity, roots, records, true, cascades);
    }
}

// The rows that went with soft-deleted rows of one entity ($4), and which deletion that was.
std::string restored_statement() {
    return core::sql(
        R"(SELECT u.n, r.row_entity, r.row_id, s.entity, s.root
             FROM {rows}
             JOIN eryxon.soft_delete AS s ON s.tenant_id == $1 AND s.row_entity == $4 AND s.row_id == u.id
             JOIN eryxon.soft_delete AS r ON r.tenant_id == $1 AND r.entity == s.entity AND r.root == s.root)",
        {{"rows", unnested({"id"})}});
}

// The deletions that took the rows of restoring records.
using Deletions = std::map<const Item*, std::pair<std::string, core::Uuid>>;

// True if a record that this one stands in brings back what went with both.
bool comes_back_above(const Item& item, const Deletions& deletions) {
    for (const Item* above = item.parent; above != nullptr; above = above->parent)
        if (auto const of = deletions.find(above); of != deletions.end() && of->second == deletions.at(&item))
            return true;
    return false;
}

// True if a record elsewhere in the tree takes that row from below this one's.
bool is_taken_away(const Item& item, const core::Entity& entity, const core::Uuid& id) {
    return std::any_of(item.tree->items.begin(), item.tree->items.end(), [&](const Item* other) {
        if (other->id != id || &other->entity() != &entity || other->stands_in(item)) return false;
        return std::any_of(other->old_parents.begin(), other->old_parents.end(),
                           [&](const auto& parent) { return parent.second == item.id; });
    });
}

// Rows whose records stand in the restored one come back by these.
void add_restored(UpsertCall& upsert, const std::vector<Item*>& items, Deletions& deletions, Cascades& cascades) {
    std::vector<const Item*> records;
    std::vector<core::Uuid> ids;
    for (const Item* item : items) {
        if (item->plan != Plan::restore) continue;
        records.push_back(item);
        ids.push_back(item->id);
    }
    if (records.empty()) return;
    as_extension_owner([&] {
        Param const entity = Param::text(items.front()->entity().name);
        execute(restored_statement(), {Param::uuid(upsert.tenant), uuid_array(ids), length_param(ids), entity},
                [&](const Row& row) {
                    const Item& item = *records[static_cast<std::size_t>(row.integer(0) - 1)];
                    const core::Entity* of = upsert.registry.schema.find(row.text(1));
                    deletions[&item] = {std::string(row.text(3)), row.uuid(4)};
                    if (of == nullptr || row.uuid(2) == item.id) return;
                    if (comes_back_above(item, deletions) && !is_taken_away(item, *of, row.uuid(2))) return;
                    if (!restores_below(item, *of, row.uuid(2))) cascades[&item].push_back({of, row.uuid(2)});
                });
    });
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

bool restores_below(const Item& item, const core::Entity& entity, const core::Uuid& id) {
    return std::any_of(item.tree->items.begin(), item.tree->items.end(), [&](const Item* other) {
        return other->plan == Plan::restore && &other->entity() == &entity && other->id == id && other->stands_in(item);
    });
}

Cascades read_cascades(UpsertCall& upsert, const Batch& batch, std::span<Item* const> items) {
    Cascades cascades;
    Deletions deletions;
    for (const auto& [order, group] : group_items(items)) {
        if (!reaches_batch(batch, group.front()->entity())) continue;
        add_deleted(upsert, group, cascades);
        add_restored(upsert, group, deletions, cascades);
        add_missing(upsert, group, cascades);
    }
    if (!cascades.empty()) read_unique_hashes(upsert, batch, cascades);
    return cascades;
}

}  // namespace eryxon::pg
