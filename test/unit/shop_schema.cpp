// Builds the shop's schema from the same rules as the install script ships.
#include "shop_schema.hpp"

#include "core/schema/rules.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <vector>

namespace eryxon::test {

namespace {

using core::ValueKind;

struct RuleRow {
    std::string_view entity;
    std::string_view field;
    std::string_view rule;
};

struct ColumnRow {
    std::string_view entity;
    std::string_view name;
    ValueKind kind;
    bool not_null = false;
};

constexpr std::string_view status_rule =
    R"({"enum":["not_started","in_progress","on_hold","completed"],"default":"not_started","write":"forward"})";

constexpr std::array rules = std::to_array<RuleRow>({
    {"cells", "name", R"({"required":true,"min_length":1})"},
    {"cells", "color", R"({"pattern":"^#[0-9A-Fa-f]{6}$","default":"#3B82F6"})"},
    {"cells", "sequence", R"({"default":"next"})"},
    {"cells", "active", R"({"default":true})"},
    {"cells", "capacity_hours_per_day", R"({"min":0})"},
    {"cells", "wip_limit", R"({"min":0})"},
    {"cells", "description", "{}"},
    {"resources", "name", R"({"required":true,"min_length":1})"},
    {"resources", "type",
     R"({"required":true,"enum":["tooling","fixture","mold","material","equipment","machine","other"]})"},
    {"resources", "description", "{}"},
    {"resources", "identifier", "{}"},
    {"resources", "location", "{}"},
    {"resources", "status", R"({"enum":["available","in_use","maintenance","retired"],"default":"available"})"},
    {"resources", "active", R"({"default":true})"},
    {"resources", "notes", "{}"},
    {"resources", "metadata", "{}"},
    {"jobs", "job_number", R"({"required":true,"min_length":1,"max_length":255})"},
    {"jobs", "customer", R"({"aliases":["customer_name"],"max_length":255})"},
    {"jobs", "due_date", R"({"value_aliases":{"00000000":null}})"},
    {"jobs", "priority", R"({"min":0,"default":0})"},
    {"jobs", "notes", R"({"aliases":["description"]})"},
    {"jobs", "status", status_rule},
    {"jobs", "metadata", "{}"},
    {"parts", "part_number", R"({"required":true,"min_length":1,"max_length":255})"},
    {"parts", "job", R"({"required":true,"references":{"entity":"jobs","parent":true,"children":"parts"}})"},
    {"parts", "parent_part", R"({"references":{"entity":"parts","parent":true}})"},
    {"parts", "material", R"({"default":"Unknown"})"},
    {"parts", "quantity", R"({"min":1,"default":1})"},
    {"parts", "notes", R"({"aliases":["description"]})"},
    {"parts", "status", status_rule},
    {"parts", "metadata", "{}"},
    {"parts", "drawing_no", "{}"},
    {"parts", "cnc_program_name", R"({"max_length":255})"},
    {"parts", "file_paths", "{}"},
    {"parts", "material_lot", "{}"},
    {"parts", "material_supplier", "{}"},
    {"parts", "material_cert_number", "{}"},
    {"parts", "is_bullet_card", "{}"},
    {"operations", "operation_name", R"({"required":true,"min_length":1,"max_length":255})"},
    {"operations", "part",
     R"({"required":true,"references":{"entity":"parts","parent":true,"children":"operations"}})"},
    {"operations", "cell", R"({"required":true,"references":{"entity":"cells","match":"name"}})"},
    {"operations", "sequence", R"({"min":1,"default":"next"})"},
    {"operations", "estimated_time", R"({"aliases":["estimated_time_minutes"],"min":0,"default":0})"},
    {"operations", "setup_time", R"({"aliases":["setup_time_minutes"],"min":0})"},
    {"operations", "notes", R"({"aliases":["instructions","description"]})"},
    {"operations", "status",
     R"({"enum":["not_started","in_progress","on_hold","completed"],"value_aliases":{"paused":"on_hold"},
         "default":"not_started","write":"forward"})"},
    {"operations", "assigned_operator_id", "{}"},
    {"operations", "metadata", "{}"},
});

constexpr std::array columns = std::to_array<ColumnRow>({
    {"cells", "name", ValueKind::text, true},
    {"cells", "color", ValueKind::text},
    {"cells", "sequence", ValueKind::integer, true},
    {"cells", "active", ValueKind::boolean, true},
    {"cells", "capacity_hours_per_day", ValueKind::numeric},
    {"cells", "wip_limit", ValueKind::integer},
    {"cells", "description", ValueKind::text},
    {"resources", "name", ValueKind::text, true},
    {"resources", "type", ValueKind::text, true},
    {"resources", "description", ValueKind::text},
    {"resources", "identifier", ValueKind::text},
    {"resources", "location", ValueKind::text},
    {"resources", "status", ValueKind::text, true},
    {"resources", "active", ValueKind::boolean, true},
    {"resources", "notes", ValueKind::text},
    {"resources", "metadata", ValueKind::json},
    {"jobs", "job_number", ValueKind::text, true},
    {"jobs", "customer", ValueKind::text},
    {"jobs", "due_date", ValueKind::timestamptz},
    {"jobs", "priority", ValueKind::integer, true},
    {"jobs", "notes", ValueKind::text},
    {"jobs", "status", ValueKind::text, true},
    {"jobs", "metadata", ValueKind::json},
    {"parts", "part_number", ValueKind::text, true},
    {"parts", "job_id", ValueKind::uuid, true},
    {"parts", "parent_part_id", ValueKind::uuid},
    {"parts", "material", ValueKind::text, true},
    {"parts", "quantity", ValueKind::integer, true},
    {"parts", "notes", ValueKind::text},
    {"parts", "status", ValueKind::text, true},
    {"parts", "metadata", ValueKind::json},
    {"parts", "drawing_no", ValueKind::text},
    {"parts", "cnc_program_name", ValueKind::text},
    {"parts", "file_paths", ValueKind::text_array},
    {"parts", "material_lot", ValueKind::text},
    {"parts", "material_supplier", ValueKind::text},
    {"parts", "material_cert_number", ValueKind::text},
    {"parts", "is_bullet_card", ValueKind::boolean},
    {"operations", "operation_name", ValueKind::text, true},
    {"operations", "part_id", ValueKind::uuid, true},
    {"operations", "cell_id", ValueKind::uuid, true},
    {"operations", "sequence", ValueKind::integer, true},
    {"operations", "estimated_time", ValueKind::numeric, true},
    {"operations", "setup_time", ValueKind::numeric},
    {"operations", "notes", ValueKind::text},
    {"operations", "status", ValueKind::text, true},
    {"operations", "assigned_operator_id", ValueKind::uuid},
    {"operations", "metadata", ValueKind::json},
});

core::Entity make_entity(std::string_view name, std::string_view singular, std::vector<std::string> natural_key) {
    core::Entity entity;
    entity.name = name;
    entity.singular = singular;
    entity.natural_key = std::move(natural_key);
    entity.has_updated_at = true;
    return entity;
}

core::Column make_column(const ColumnRow& row) {
    core::Column column;
    column.name = row.name;
    column.kind = row.kind;
    column.not_null = row.not_null;
    if (row.kind == ValueKind::integer) {
        column.min = std::numeric_limits<std::int32_t>::min();
        column.max = std::numeric_limits<std::int32_t>::max();
    }
    return column;
}

// The element of that name, or the end of the program: a test that asks for another one is wrong.
template <typename Element>
Element& named(std::vector<Element>& elements, std::string_view name) {
    const auto found = std::find_if(elements.begin(), elements.end(), [&](const Element& e) { return e.name == name; });
    if (found == elements.end()) std::abort();
    return *found;
}

std::string join_faults(const core::LazyVector<core::Fault>& faults) {
    std::string line;
    for (const core::Fault& fault : faults)
        line += (line.empty() ? "" : "; ") + fault.path + ' ' + std::string(core::code_name(fault.code));
    return line;
}

}  // namespace

core::Entity& entity_of(core::Schema& schema, std::string_view name) {
    return named(schema.entities, name);
}

core::Field& field_of(core::Entity& entity, std::string_view name) {
    return named(entity.fields, name);
}

core::Column& column_of(core::Entity& entity, std::string_view name) {
    return named(entity.columns, name);
}

std::unique_ptr<core::Schema> make_shop_schema(const std::function<void(core::Schema&)>& change) {
    auto schema = std::make_unique<core::Schema>();
    schema->entities.push_back(make_entity("cells", "cell", {"name"}));
    schema->entities.push_back(make_entity("resources", "resource", {"name"}));
    schema->entities.push_back(make_entity("jobs", "job", {"job_number"}));
    schema->entities.push_back(make_entity("parts", "part", {"job", "part_number"}));
    schema->entities.push_back(make_entity("operations", "operation", {}));
    for (const ColumnRow& row : columns)
        entity_of(*schema, row.entity).columns.push_back(make_column(row));
    for (const RuleRow& row : rules)
        entity_of(*schema, row.entity)
            .fields.push_back(core::read_rule(row.field, core::parse_json(row.rule, schema->arena), schema->arena));
    if (change) change(*schema);
    core::link(*schema);
    return schema;
}

const core::Schema& shop_schema() {
    static const std::unique_ptr<core::Schema> schema = make_shop_schema();
    return *schema;
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
    if (pattern != "^#[0-9A-Fa-f]{6}$") return true;
    const auto is_hex = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    };
    return text.size() == 7 && text.front() == '#' && std::all_of(text.begin() + 1, text.end(), is_hex);
}

Reader::Reader(std::string_view options, const core::Schema& schema) : schema_(schema) {
    options_ = core::read_options(core::parse_json(options, arena_));
}

core::Record Reader::read(std::string_view entity, std::string_view json) {
    const core::ReadContext context{schema_, options_, arena_, matches_pattern};
    return core::read_record(*schema_.find(entity), core::parse_json(json, arena_), context);
}

std::string faults_of(const core::Record& record) {
    std::string line = join_faults(record.faults);
    for (const core::Record::ChildArray& array : record.children)
        for (const core::Record& child : array.records) {
            const std::string inner = faults_of(child);
            if (!inner.empty()) line += (line.empty() ? "" : "; ") + inner;
        }
    return line;
}

std::string creation_faults_of(const core::Record& record) {
    return join_faults(record.creation_faults);
}

std::string warnings_of(const core::Record& record) {
    std::string line;
    for (const core::Warning& warning : record.warnings)
        line += (line.empty() ? "" : "; ") + warning.path + ' ' + std::string(warning.code);
    return line;
}

const core::FieldValue* value_of(const core::Record& record, std::string_view field) {
    for (const core::FieldValue& value : record.values)
        if (value.field->name == field) return &value;
    return nullptr;
}

const core::ReferenceValue* reference_of(const core::Record& record, std::string_view field) {
    for (const core::ReferenceValue& reference : record.references)
        if (reference.field->name == field) return &reference;
    return nullptr;
}

}  // namespace eryxon::test
