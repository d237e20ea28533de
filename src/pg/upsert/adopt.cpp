// Option adopt: live rows without external key that have the record's natural key are linked to it.
#include "pg/upsert/steps.hpp"
#include "pg/upsert/values.hpp"

#include <algorithm>

namespace eryxon::pg {

namespace {

// The fields of the natural key, or none if the entity has no usable one.
std::vector<const core::Field*> natural_key(const core::Entity& entity) {
    std::vector<const core::Field*> fields;
    for (const std::string& name : entity.natural_key) {
        const core::Field* field = entity.find(name);
        if (field == nullptr || !field->mapped()) return {};
        fields.push_back(field);
    }
    return fields;
}

// True if the record is to be created and names the whole natural key of a row that exists.
bool may_adopt(const Bulk& bulk, const Node& node, const std::vector<const core::Field*>& key) {
    if (node.plan != Plan::create || bulk.options.mode == core::Mode::create) return false;
    return std::all_of(key.begin(), key.end(), [&](const core::Field* field) {
        CellValue const cell = cell_value(bulk, node, *field);
        const Target* target = field->reference ? node.target(*field) : nullptr;
        bool const exists = target == nullptr || target->in_call == nullptr || target->in_call->found;
        return cell.present && !cell.null && exists;
    });
}

Param key_param(const Bulk& bulk, const core::Field& field, const std::vector<Node*>& nodes) {
    const core::Entity& entity = nodes.front()->entity();
    const auto column = static_cast<std::size_t>(field.column);
    const Carrier& carrier = bulk.registry.table(entity).carriers[column];
    std::vector<Datum> values;
    std::unique_ptr<bool[]> nulls(new bool[nodes.size()]());
    std::vector<CellValue> cells;
    for (Node* node : nodes)
        cells.push_back(cell_value(bulk, *node, field));
    for (const CellValue& cell : cells)
        values.push_back(to_datum(cell.value, entity.columns[column], carrier));
    return array_param(carrier, values, nulls.get());
}

std::string statement(const Bulk& bulk, const core::Entity& entity, const std::vector<const core::Field*>& key) {
    const Table& table = bulk.registry.table(entity);
    std::vector<std::string> names;
    std::string match;
    for (const core::Field* field : key) {
        const auto column = static_cast<std::size_t>(field->column);
        names.push_back("k" + std::to_string(names.size()));
        match += " AND t." + quoted(field->column_name) + " " +
                 equality(table.types.at(entity.columns[column].number)) + " u." + names.back() +
                 table.carriers[column].cast;
    }
    return "SELECT u.n, t.id FROM " + unnested(names) + " JOIN " + table.name + " AS t ON t.tenant_id" +
           std::string(equals) + "$1" + match +
           " WHERE t.external_id IS NULL AND t.deleted_at IS NULL ORDER BY u.n FOR UPDATE OF t";
}

void link_row(Node& node, const core::Uuid& id) {
    if (node.adopted) {
        node.fail(core::Code::ambiguous_reference, "", "several live rows without external key have this natural key");
        return;
    }
    node.found = node.adopted = true;
    node.plan = Plan::update;
    node.id = id;
    node.warnings.push_back({"ADOPTED", node.record->path, "linked to the row that has the same natural key"});
}

void adopt_entity(Bulk& bulk, const std::vector<Node*>& all) {
    const core::Entity& entity = all.front()->entity();
    auto const key = natural_key(entity);
    std::vector<Node*> nodes;
    for (Node* node : all)
        if (!key.empty() && may_adopt(bulk, *node, key)) nodes.push_back(node);
    if (nodes.empty()) return;
    std::vector<Param> params{Param::uuid(bulk.tenant)};
    for (const core::Field* field : key)
        params.push_back(key_param(bulk, *field, nodes));
    params.push_back(length_param(nodes));
    execute(statement(bulk, entity, key), params,
            [&](const Row& row) { link_row(*nodes[static_cast<std::size_t>(row.integer(0) - 1)], row.uuid(1)); });
}

}  // namespace

void adopt(Bulk& bulk, const NodeGroups& groups) {
    if (!bulk.options.adopt) return;
    for (const auto& [order, nodes] : groups)
        adopt_entity(bulk, nodes);
}

}  // namespace eryxon::pg
