// Option children = replace: live children of the same source that an array leaves out are soft-deleted.
#include "core/base/sql_text.hpp"
#include "pg/deletes/row_locks.hpp"
#include "pg/deletes/soft_delete.hpp"
#include "pg/server/debug_point.hpp"
#include "pg/upsert/pipeline.hpp"

#include <algorithm>

namespace eryxon::pg {

namespace {

using Array = core::Record::ChildArray;

const Array* sent_array(const Item& item, const core::Entity::Children& spec) {
    if (item.plan == Plan::remove || item.record->operation == core::Operation::remove) return nullptr;
    for (const Array& array : item.record->children)
        if (array.children == &spec) return &array;
    return nullptr;
}

// True if the child is of its parent's source and the array that was sent does not name it.
bool is_missing(const Item& above, const core::Entity::Children& spec, std::string_view source,
                std::string_view external_id) {
    if (external_id.empty() || source != above.record->source) return false;
    const auto& records = sent_array(above, spec)->records;
    return std::none_of(records.begin(), records.end(), [&](const core::Record& record) {
        return record.source == source && record.external_id == external_id;
    });
}

// Divides missing children into those that are deleted and started ones, which stay, with a warning.
std::vector<MissingChild> without_started(UpsertCall& upsert, const core::Entity& entity,
                                          const core::Entity::Children& spec, std::vector<MissingChild> missing) {
    std::vector<core::Uuid> ids;
    for (const MissingChild& child : missing)
        ids.push_back(child.id);
    std::vector<Progress> const progress = read_progress(upsert.registry, entity, upsert.tenant, ids);
    std::vector<MissingChild> idle;
    for (std::size_t i = 0; i < missing.size(); i++) {
        if (!progress[i].started && !progress[i].running) {
            idle.push_back(std::move(missing[i]));
            continue;
        }
        Item& item = *missing[i].above;
        item.warnings.push_back(
            core::make_warning("KEPT_STARTED", item.record->path + spec.key, core::Reason::kept_started,
                               {{"entity", entity.singular}, {"external_id", missing[i].external_id}}));
    }
    return idle;
}

// Soft-deletes children and notes them, but for those that go with another one.
void remove_children(UpsertCall& upsert, const core::Entity& entity, const core::Entity::Children& spec,
                     const std::vector<MissingChild>& children) {
    std::vector<core::Uuid> roots;
    for (const MissingChild& child : children)
        roots.push_back(child.id);
    if (roots.empty()) return;
    require_deletable(upsert.registry, entity, upsert.tenant, roots);
    for (const DeletedRow& row : soft_delete(upsert.registry, entity, upsert.tenant, roots)) {
        if (row.entity != &entity || row.id != roots[row.root]) continue;
        const Item& item = *children[row.root].above;
        Removed& removed = item.tree->removed[&entity];
        removed.counts.add(core::Action::deleted);
        removed.sources.insert(item.record->source);
        if (upsert.lists_children())
            removed.rows.push_back({item.record->path + spec.key, row.id, children[row.root].external_id});
    }
}

// Those that the arrays leave out, locked: no other session gives one another parent any more.
std::vector<MissingChild> lock_missing(UpsertCall& upsert, const core::Entity::Children& spec,
                                       std::span<Item* const> parents) {
    Ids locked;
    while (true) {
        std::vector<MissingChild> missing = missing_children(upsert, spec, parents);
        if (missing.empty()) return missing;
        debug_point(DebugPoint::left_out);
        Ids fresh;
        for (const MissingChild& child : missing)
            if (!locked.contains(child.id)) fresh.insert(child.id);
        if (fresh.empty()) return missing;
        lock_rows_as_owner(upsert.registry.table(upsert.registry.entity(spec.entity)), upsert.tenant, fresh,
                           RowState::live, RowLock::update);
        locked.merge(fresh);
    }
}

}  // namespace

bool sends_array(const Item& item, const core::Entity::Children& spec) {
    return sent_array(item, spec) != nullptr;
}

std::vector<MissingChild> missing_children(UpsertCall& upsert, const core::Entity::Children& spec,
                                           std::span<Item* const> items) {
    std::vector<MissingChild> missing;
    std::vector<Item*> parents;
    std::vector<core::Uuid> ids;
    for (Item* item : items) {
        if (sent_array(*item, spec) == nullptr) continue;
        parents.push_back(item);
        ids.push_back(item->id);
    }
    const core::Entity* entity = upsert.registry.schema.find(spec.entity);
    const core::Field* field = entity != nullptr ? entity->find(spec.field) : nullptr;
    if (parents.empty() || field == nullptr || !field->mapped()) return missing;
    std::string const statement = core::sql(
        R"(SELECT u.n, t.id, t.external_source, t.external_id
             FROM {parents} JOIN {table} AS t ON t.tenant_id == $1 AND t.{parent} == u.id
            WHERE t.deleted_at IS NULL ORDER BY u.n, t.external_id COLLATE "C")",
        {{"parents", unnested({"id"})},
         {"table", upsert.registry.table(*entity).name},
         {"parent", quoted(field->column_name)}});
    execute(statement, {Param::uuid(upsert.tenant), uuid_array(ids), length_param(ids)}, [&](const Row& row) {
        Item* item = parents[static_cast<std::size_t>(row.integer(0) - 1)];
        if (is_missing(*item, spec, row.text(2), row.text(3)))
            missing.push_back({item, row.uuid(1), std::string(row.text(3))});
    });
    return missing;
}

void remove_missing(UpsertCall& upsert, const core::Entity::Children& spec, std::span<Item* const> parents) {
    std::vector<MissingChild> missing = lock_missing(upsert, spec, parents);
    if (missing.empty()) return;
    const core::Entity& entity = upsert.registry.entity(spec.entity);
    remove_children(upsert, entity, spec, without_started(upsert, entity, spec, std::move(missing)));
}

void remove_missing(UpsertCall& upsert, std::span<Item* const> all, bool first) {
    std::vector<Item*> parents(all.begin(), all.end());
    std::erase_if(parents, [first](const Item* item) { return item->tree->removes_first != first; });
    if (parents.empty()) return;
    for (const core::Entity::Children& spec : parents.front()->entity().children)
        remove_missing(upsert, spec, parents);
}

bool has_missing(UpsertCall& upsert, const ItemGroups& groups) {
    return std::any_of(groups.begin(), groups.end(), [&](const auto& group) {
        const auto& specs = group.second.front()->entity().children;
        return std::any_of(specs.begin(), specs.end(), [&](const core::Entity::Children& spec) {
            return !missing_children(upsert, spec, group.second).empty();
        });
    });
}

}  // namespace eryxon::pg
