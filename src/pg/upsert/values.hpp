// What will stand in a row's columns: sent values, resolved references, defaults.
#pragma once

#include "pg/registry/datum.hpp"
#include "pg/upsert/upsert_call.hpp"

#include <optional>
#include <vector>

namespace eryxon::pg {

// Where a field's value in a row comes from.
struct CellValue {
    bool present = false;  // false: the column is left to the row or to its default
    bool null = true;
    core::Value value;
};

// The value that the record gives to the field when its row is created or changed.
CellValue cell_value(const UpsertCall& upsert, const Item& item, const core::Field& field);
// What the records, all of one entity, have for the field: an array of its column's ParamType.
Param cell_param(const UpsertCall& upsert, const core::Field& field, const std::vector<Item*>& items);

// The fields that a statement for this record has to name, as indexes into Entity::fields.
std::vector<std::uint16_t> written_fields(const UpsertCall& upsert, const Item& item);

}  // namespace eryxon::pg
