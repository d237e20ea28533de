// Option children = replace: live children of the same source that an array leaves out are soft-deleted.
#include "pg/deletes/soft_delete.hpp"
#include "pg/upsert/pipeline.hpp"

#include <algorithm>
#include <set>

namespace eryxon::pg {

namespace {

// A live row below a record's row.
struct Child {
    Item* above;  // the record
    core::Uuid id;
    std::string source;
    std::string external_id;  // empty if the row has no external key
};

// A row whose children are asked for, and the record that it belongs to.
struct Parent {
    Item* item;
    core::Uuid id;
};

using Array = core::Record::ChildArray;

const Array* sent_array(const Item& item, const core::Entity::Children& spec) {
    if (item.plan == Plan::remove || item.record->operation == core::Operation::remove) return nullptr;
    for (const Array& array : item.record->children)
        if (array.children == &spec) return &array;
    return nullptr;
}

// The live children of these rows.
std::vector<Child> read_children(UpsertCall& upsert, const core::Entity::Children& spec,
                                 const std::vector<Parent>& parents) {
    std::vector<Child> children;
    const core::Entity* entity = upsert.registry.schema.find(spec.entity);
    const core::Field* field = entity != nullptr ? entity->find(spec.field) : nullptr;
    if (parents.empty() || field == nullptr || !field->mapped()) return children;
    std::vector<core::Uuid> ids;
    for (const Parent& parent : parents)
        ids.push_back(parent.id);
    std::string const eq(equals);
    std::string const sql = "SELECT u.n, t.id, t.external_source, t.external_id FROM " + unnested({"id"}) + " JOIN " +
                            upsert.registry.table(*entity).name + " AS t ON t.tenant_id" + eq + "$1 AND t." +
                            quoted(field->column_name) + eq +
                            "u.id WHERE t.deleted_at IS NULL ORDER BY u.n, t.external_id COLLATE \"C\"";
    execute(sql, {Param::uuid(upsert.tenant), uuid_array(ids), length_param(ids)}, [&](const Row& row) {
        Item* item = parents[static_cast<std::size_t>(row.integer(0) - 1)].item;
        children.push_back({item, row.uuid(1), std::string(row.text(2)), std::string(row.text(3))});
    });
    return children;
}

// The live children of the records that sent this array.
std::vector<Child> read_children(UpsertCall& upsert, const core::Entity::Children& spec, std::span<Item* const> items) {
    std::vector<Parent> parents;
    for (Item* item : items)
        if (sent_array(*item, spec) != nullptr) parents.push_back({item, item->id});
    return read_children(upsert, spec, parents);
}

// True if the child is of its parent's source and the array that was sent does not name it.
bool is_missing(const Child& child, const core::Entity::Children& spec) {
    if (child.external_id.empty() || child.source != child.above->record->source) return false;
    const auto& records = sent_array(*child.above, spec)->records;
    return std::none_of(records.begin(), records.end(), [&](const core::Record& record) {
        return record.source == child.source && record.external_id == child.external_id;
    });
}

// The live children of these records of one entity that the arrays leave out.
std::vector<Child> missing_children(UpsertCall& upsert, const core::Entity::Children& spec,
                                    std::span<Item* const> items) {
    std::vector<Child> missing = read_children(upsert, spec, items);
    std::erase_if(missing, [&](const Child& child) { return !is_missing(child, spec); });
    return missing;
}

// Soft-deletes the missing children that are not started; the others stay, with a warning.
void remove_children(UpsertCall& upsert, const core::Entity& entity, const core::Entity::Children& spec,
                     const std::vector<Child>& missing) {
    std::vector<core::Uuid> ids, roots;
    for (const Child& child : missing)
        ids.push_back(child.id);
    std::vector<Progress> const progress = read_progress(upsert.registry, entity, upsert.tenant, ids);
    for (std::size_t i = 0; i < missing.size(); i++) {
        Item& item = *missing[i].above;
        if (progress[i].started || progress[i].running) {
            item.warnings.push_back(
                {"KEPT_STARTED", item.record->path + spec.key,
                 entity.singular + " \"" + missing[i].external_id + "\" was not sent but is started, so it stays"});
            continue;
        }
        roots.push_back(ids[i]);
        Removed& removed = item.tree->removed[&entity];
        removed.counts.add(core::Action::deleted);
        removed.sources.insert(item.record->source);
    }
    if (roots.empty()) return;
    require_deletable(upsert.registry, entity, upsert.tenant, roots);
    soft_delete(upsert.registry, entity, upsert.tenant, roots);
}

}  // namespace

void remove_missing(UpsertCall& upsert, std::span<Item* const> all, bool first) {
    std::vector<Item*> parents(all.begin(), all.end());
    std::erase_if(parents, [first](const Item* item) { return item->tree->removes_first != first; });
    if (parents.empty()) return;
    for (const core::Entity::Children& spec : parents.front()->entity().children) {
        std::vector<Child> const missing = missing_children(upsert, spec, parents);
        if (!missing.empty()) remove_children(upsert, upsert.registry.entity(spec.entity), spec, missing);
    }
}

bool has_missing(UpsertCall& upsert, const ItemGroups& groups) {
    return std::any_of(groups.begin(), groups.end(), [&](const auto& group) {
        const auto& specs = group.second.front()->entity().children;
        return std::any_of(specs.begin(), specs.end(), [&](const core::Entity::Children& spec) {
            return !missing_children(upsert, spec, group.second).empty();
        });
    });
}

std::vector<ReplacedRow> replaced_rows(UpsertCall& upsert, std::span<Item* const> items) {
    std::vector<ReplacedRow> rows;
    if (items.empty()) return rows;
    std::vector<std::pair<const core::Entity*, std::vector<Child>>> levels;
    for (const core::Entity::Children& spec : items.front()->entity().children)
        levels.emplace_back(upsert.registry.schema.find(spec.entity), read_children(upsert, spec, items));
    for (std::size_t at = 0; at < levels.size(); at++) {
        auto const [entity, children] = levels[at];
        std::vector<Parent> parents;
        for (const Child& child : children) {
            parents.push_back({child.above, child.id});
            if (!child.external_id.empty()) rows.push_back({child.above, entity, child.source, child.external_id});
        }
        if (entity == nullptr || parents.empty()) continue;
        for (const core::Entity::Children& spec : entity->children)
            levels.emplace_back(upsert.registry.schema.find(spec.entity), read_children(upsert, spec, parents));
    }
    return rows;
}

}  // namespace eryxon::pg
