// Option children = replace: live children of the same source that an array leaves out are soft-deleted.
#include "pg/soft_delete.hpp"
#include "pg/steps.hpp"

#include <algorithm>
#include <set>

namespace eryxon::pg {

namespace {

// A live child of a record's row.
struct Child {
    core::Uuid id;
    std::string external_id;
};

using Array = core::Record::ChildArray;
using Children = std::map<Node*, std::vector<Child>>;

const Array* sent_array(const Node& node, const core::Entity::Children& spec) {
    if (node.plan == Plan::remove || node.record->operation == core::Operation::remove) return nullptr;
    for (const Array& array : node.record->children)
        if (array.children == &spec) return &array;
    return nullptr;
}

// The live children, of the parents' own sources, of all parents that sent this array.
Children read_children(Bulk& bulk, const core::Entity::Children& spec, std::span<Node* const> parents) {
    Children children;
    const core::Entity* entity = bulk.registry.schema.find(spec.entity);
    const core::Field* field = entity != nullptr ? entity->find(spec.field) : nullptr;
    std::vector<core::Uuid> ids;
    std::vector<Node*> nodes;
    for (Node* node : parents) {
        if (sent_array(*node, spec) == nullptr) continue;
        nodes.push_back(node);
        ids.push_back(node->id);
    }
    if (nodes.empty() || field == nullptr || !field->mapped()) return children;
    std::string const eq(equals);
    std::string const sql = "SELECT u.n, t.id, t.external_id, t.external_source FROM " + unnested({"id"}) + " JOIN " +
                            bulk.registry.table(*entity).name + " AS t ON t.tenant_id" + eq + "$1 AND t." +
                            quoted(field->column_name) + eq +
                            "u.id WHERE t.deleted_at IS NULL ORDER BY u.n, t.external_id COLLATE \"C\"";
    execute(sql, {Param::uuid(bulk.tenant), uuid_array(ids), length_param(ids)}, [&](const Row& row) {
        Node* node = nodes[static_cast<std::size_t>(row.integer(0) - 1)];
        if (!row.is_null(2) && row.text(3) == node->record->source)
            children[node].push_back({row.uuid(1), std::string(row.text(2))});
    });
    return children;
}

// Those that the array does not name.
std::vector<Child> missing_of(const Array& array, const std::string_view source, std::vector<Child> children) {
    std::set<std::string_view> named;
    for (const core::Record& record : array.records)
        if (record.source == source) named.insert(record.external_id);
    std::erase_if(children, [&](const Child& child) { return named.contains(child.external_id); });
    return children;
}

// Soft-deletes the missing children that are not started; the others stay, with a warning.
void remove_children(Bulk& bulk, const core::Entity& entity, const core::Entity::Children& spec,
                     const std::vector<std::pair<Node*, Child>>& missing) {
    std::vector<core::Uuid> ids;
    for (const auto& [node, child] : missing) ids.push_back(child.id);
    std::vector<Progress> const progress = read_progress(bulk.registry, entity, bulk.tenant, ids);
    std::vector<core::Uuid> roots;
    for (std::size_t i = 0; i < missing.size(); i++) {
        Node& node = *missing[i].first;
        if (progress[i].started || progress[i].running) {
            node.warnings.push_back({"KEPT_STARTED", node.record->path + spec.key,
                                     entity.singular + " \"" + missing[i].second.external_id +
                                         "\" was not sent but is started, so it stays"});
            continue;
        }
        roots.push_back(ids[i]);
        Removed& removed = node.unit->removed[&entity];
        removed.counts.add(core::Action::deleted);
        removed.sources.insert(node.record->source);
    }
    if (roots.empty()) return;
    require_delete_privilege(bulk.registry.table(entity));
    soft_delete(bulk.registry, entity, bulk.tenant, roots);
}

}  // namespace

void remove_missing(Bulk& bulk, std::span<Node* const> all, bool first) {
    std::vector<Node*> parents(all.begin(), all.end());
    std::erase_if(parents, [first](const Node* node) { return node->unit->removes_first != first; });
    if (parents.empty()) return;
    for (const core::Entity::Children& spec : parents.front()->entity().children) {
        std::vector<std::pair<Node*, Child>> missing;
        for (auto& [node, children] : read_children(bulk, spec, parents))
            for (Child& child : missing_of(*sent_array(*node, spec), node->record->source, std::move(children)))
                missing.emplace_back(node, std::move(child));
        if (!missing.empty()) remove_children(bulk, bulk.registry.entity(spec.entity), spec, missing);
    }
}

ReplacedChildren replaced_children(Bulk& bulk, std::span<Node* const> parents) {
    ReplacedChildren replaced;
    if (parents.empty()) return replaced;
    for (const core::Entity::Children& spec : parents.front()->entity().children)
        for (auto& [node, children] : read_children(bulk, spec, parents))
            for (Child& child : children)
                replaced[node].emplace_back(bulk.registry.schema.find(spec.entity), std::move(child.external_id));
    return replaced;
}

}  // namespace eryxon::pg
