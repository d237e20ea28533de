// Values that were replaced for a moment.
#include "pg/events/replaced_value.hpp"

namespace eryxon::pg {

namespace {

const ReplacedValue* current = nullptr;

}  // namespace

ReplacedValue::ReplacedValue(Oid table, const core::Uuid& row, int column, std::string json)
    : outer_(current), table_(table), row_(row), column_(column), json_(std::move(json)) {
    current = this;
}

ReplacedValue::~ReplacedValue() {
    current = outer_;
}

const std::string* ReplacedValue::find(Oid table, const core::Uuid& row, int column) {
    for (const ReplacedValue* value = current; value != nullptr; value = value->outer_)
        if (value->table_ == table && value->row_ == row && value->column_ == column) return &value->json_;
    return nullptr;
}

}  // namespace eryxon::pg
