// Defaults `next`: the greatest live value of the group plus one, counted on in input order.
#include "pg/steps.hpp"
#include "pg/values.hpp"

#include <algorithm>
#include <optional>

namespace eryxon::pg {

namespace {

// The reference whose target is the group: the parent whose records carry this entity's, else any parent; none: the
// tenant.
const core::Field* group_field(const core::Entity& entity) {
    const core::Field* group = nullptr;
    for (const core::Field& field : entity.fields) {
        if (!field.mapped() || !field.reference || !field.reference->parent) continue;
        if (group == nullptr || !field.reference->children_key.empty()) group = &field;
    }
    return group;
}

// The group that the record's row is in after it was written.
core::Uuid group_of(const Node& node, const core::Field* group) {
    if (group == nullptr) return {};
    if (const Target* target = node.target(*group)) return target->id();
    for (const auto& [field, id] : node.old_parents)
        if (field == group) return id;
    return {};
}

bool has_number(const CellValue& cell) {
    return cell.present && !cell.null;
}

using Maxima = std::map<core::Uuid, std::int64_t>;

// The greatest live number of each group.
Maxima read_maxima(Bulk& bulk, const core::Entity& entity, const core::Field& field, const core::Field* group,
                   const std::vector<core::Uuid>& groups) {
    const Table& table = bulk.registry.table(entity);
    std::string const eq(equals);
    std::string const greatest = "COALESCE(pg_catalog.max(t." + quoted(field.column_name) + ")::bigint, 0)";
    std::string sql = "SELECT NULL::pg_catalog.uuid, " + greatest + " FROM " + table.name + " AS t WHERE t.tenant_id" +
                      eq + "$1 AND t.deleted_at IS NULL";
    std::vector<Param> params{Param::uuid(bulk.tenant)};
    if (group != nullptr) {
        std::string const column = "t." + quoted(group->column_name);
        sql = "SELECT " + column + ", " + greatest + " FROM " + table.name + " AS t WHERE t.tenant_id" + eq +
              "$1 AND t.deleted_at IS NULL AND " + column + " OPERATOR(pg_catalog.=) ANY ($2) GROUP BY 1";
        params.push_back(uuid_array(groups));
    }
    Maxima maxima;
    execute(sql, params, [&](const Row& row) { maxima[row.is_null(0) ? core::Uuid{} : row.uuid(0)] = row.integer(1); });
    return maxima;
}

// Counts on through the records of one entity.
void number_field(Bulk& bulk, const core::Entity& entity, const core::Field& field, const std::vector<Node*>& nodes) {
    const core::Field* group = group_field(entity);
    std::vector<core::Uuid> groups;
    for (Node* node : nodes)
        if (node->plan == Plan::create && !has_number(cell_value(bulk, *node, field)))
            groups.push_back(group_of(*node, group));
    if (groups.empty()) return;
    std::sort(groups.begin(), groups.end());
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    Maxima maxima = read_maxima(bulk, entity, field, group, groups);
    for (Node* node : nodes) {
        CellValue const cell = cell_value(bulk, *node, field);
        std::int64_t& greatest = maxima[group_of(*node, group)];
        if (has_number(cell))
            greatest = std::max(greatest, cell.value.integer);
        else if (node->plan == Plan::create)
            node->numbered.emplace_back(&field, ++greatest);
    }
}

}  // namespace

void number_rows(Bulk& bulk, std::span<Node* const> of_entity) {
    std::vector<Node*> nodes;
    for (Node* node : of_entity) {
        node->numbered.clear();
        if (node->writes() && node->plan != Plan::remove) nodes.push_back(node);
    }
    if (nodes.empty()) return;
    std::sort(nodes.begin(), nodes.end(), [](const Node* a, const Node* b) { return a->position < b->position; });
    const core::Entity& entity = nodes.front()->entity();
    for (const core::Field& field : entity.fields)
        if (field.default_next && field.mapped()) number_field(bulk, entity, field, nodes);
}

}  // namespace eryxon::pg
