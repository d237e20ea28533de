// What will stand in a row's columns.
#include "pg/upsert/values.hpp"

#include "core/record/convert.hpp"

#include <algorithm>

namespace eryxon::pg {

namespace {

CellValue null_cell() {
    return {true, true, {}};
}

const core::FieldValue* sent_value(const Node& node, const core::Field& field) {
    for (const core::FieldValue& value : node.record->values)
        if (value.field == &field) return &value;
    return nullptr;
}

bool is_kept(const Node& node, const core::Field& field) {
    return std::find(node.kept.begin(), node.kept.end(), &field) != node.kept.end();
}

CellValue reference_cell(const Node& node, const core::Field& field) {
    const Target* target = node.target(field);
    if (target == nullptr || target->kept) return {};
    CellValue cell{true, target->null, {}};
    cell.value.is_null = target->null;
    cell.value.uuid = target->id();
    return cell;
}

// The default of a field that was not sent, on creation.
CellValue default_cell(const Bulk& bulk, const Node& node, const core::Field& field) {
    const core::Entity& entity = node.entity();
    for (const auto& [numbered, number] : node.numbered)
        if (numbered == &field) return {true, false, core::Value(number)};
    if (field.default_value == nullptr) return {};
    core::Value value;
    core::Json hashed;
    core::ReadContext const context{bulk.registry.schema, bulk.options, bulk.arena, {}};
    if (core::convert_value(entity, field, *field.default_value, context, {value, hashed})) return {};
    return {true, value.is_null, value};
}

}  // namespace

CellValue cell_value(const Bulk& bulk, const Node& node, const core::Field& field) {
    bool const creates = node.plan == Plan::create;
    if (field.reference) {
        CellValue cell = reference_cell(node, field);
        return cell.present || !creates ? cell : null_cell();
    }
    const core::FieldValue* sent = sent_value(node, field);
    if (sent != nullptr && !is_kept(node, field) && (creates || field.write != core::Write::create))
        return {true, sent->value.is_null, sent->value};
    if (!creates) return {};
    CellValue cell = default_cell(bulk, node, field);
    const core::Column& column = node.entity().columns[static_cast<std::size_t>(field.column)];
    return cell.present || column.has_default ? cell : null_cell();
}

std::vector<std::uint16_t> written_fields(const Bulk& bulk, const Node& node) {
    std::vector<std::uint16_t> fields;
    const auto& all = node.entity().fields;
    for (std::size_t i = 0; i < all.size(); i++)
        if (all[i].mapped() && cell_value(bulk, node, all[i]).present) fields.push_back(static_cast<std::uint16_t>(i));
    return fields;
}

}  // namespace eryxon::pg
