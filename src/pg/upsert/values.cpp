// What will stand in a row's columns.
#include "pg/upsert/values.hpp"

#include "core/record/convert.hpp"

#include <algorithm>

namespace eryxon::pg {

namespace {

CellValue null_cell() {
    return {true, true, {}};
}

const core::FieldValue* sent_value(const Item& item, const core::Field& field) {
    for (const core::FieldValue& value : item.record->values)
        if (value.field == &field) return &value;
    return nullptr;
}

bool is_kept(const Item& item, const core::Field& field) {
    return std::find(item.kept.begin(), item.kept.end(), &field) != item.kept.end();
}

CellValue reference_cell(const Item& item, const core::Field& field) {
    const Target* target = item.target(field);
    if (target == nullptr || target->kept) return {};
    CellValue cell{true, target->null, {}};
    cell.value.is_null = target->null;
    cell.value.uuid = target->id();
    return cell;
}

// The default of a field that was not sent, on creation.
CellValue default_cell(const UpsertCall& upsert, const Item& item, const core::Field& field) {
    const core::Entity& entity = item.entity();
    for (const auto& [numbered, number] : item.numbered)
        if (numbered == &field) return {true, false, core::Value(number)};
    if (field.default_value == nullptr) return {};
    core::Value value;
    core::Json hashed;
    core::ReadContext const context{
        upsert.registry.schema, upsert.options, upsert.arena, {}, true, {}, moment_text, keeps_text};
    if (core::convert_value(entity, field, *field.default_value, context, {value, hashed})) return {};
    return {true, value.is_null, value};
}

}  // namespace

CellValue cell_value(const UpsertCall& upsert, const Item& item, const core::Field& field) {
    bool const creates = item.plan == Plan::create;
    if (field.reference) {
        CellValue cell = reference_cell(item, field);
        return cell.present || !creates ? cell : null_cell();
    }
    const core::FieldValue* sent = sent_value(item, field);
    if (sent != nullptr && !is_kept(item, field) && (creates || field.write != core::Write::create))
        return {true, sent->value.is_null, sent->value};
    if (!creates) return {};
    CellValue cell = default_cell(upsert, item, field);
    const core::Column& column = item.entity().columns[static_cast<std::size_t>(field.column)];
    return cell.present || column.has_default ? cell : null_cell();
}

std::vector<std::uint16_t> written_fields(const UpsertCall& upsert, const Item& item) {
    std::vector<std::uint16_t> fields;
    const auto& all = item.entity().fields;
    for (std::size_t i = 0; i < all.size(); i++)
        if (all[i].mapped() && cell_value(upsert, item, all[i]).present)
            fields.push_back(static_cast<std::uint16_t>(i));
    return fields;
}

Param cell_param(const UpsertCall& upsert, const core::Field& field, const std::vector<Item*>& items) {
    const core::Entity& entity = items.front()->entity();
    const auto column = static_cast<std::size_t>(field.column);
    const ParamType& param_type = upsert.registry.table(entity).param_types[column];
    std::unique_ptr<bool[]> nulls(new bool[items.size()]());
    std::vector<CellValue> cells;
    for (const Item* item : items)
        cells.push_back(cell_value(upsert, *item, field));
    std::vector<Datum> values;
    for (std::size_t i = 0; i < cells.size(); i++) {
        nulls[i] = cells[i].null;
        values.push_back(nulls[i] ? 0 : to_datum(cells[i].value, entity.columns[column], param_type));
    }
    return array_param(param_type, values, nulls.get());
}

}  // namespace eryxon::pg
