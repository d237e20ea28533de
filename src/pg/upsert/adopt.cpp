// Option adopt: live rows without external key that have the record's natural key are linked to it.
#include "core/base/sql_text.hpp"
#include "pg/upsert/pipeline.hpp"
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
bool may_adopt(const UpsertCall& upsert, const Item& item, const std::vector<const core::Field*>& key) {
    if (item.plan != Plan::create || upsert.options.mode == core::Mode::create) return false;
    return std::all_of(key.begin(), key.end(), [&](const core::Field* field) {
        CellValue const cell = cell_value(upsert, item, *field);
        const Target* target = field->reference ? item.target(*field) : nullptr;
        bool const exists = target == nullptr || target->in_call == nullptr || target->in_call->found;
        return cell.present && !cell.null && exists;
    });
}

std::string statement(const UpsertCall& upsert, const core::Entity& entity,
                      const std::vector<const core::Field*>& key) {
    const Table& table = upsert.registry.table(entity);
    std::vector<std::string> names;
    std::string match;
    for (const core::Field* field : key) {
        const auto column = static_cast<std::size_t>(field->column);
        names.push_back("k" + std::to_string(names.size()));
        match += " AND t." + quoted(field->column_name) + " " +
                 equality(table.types.at(entity.columns[column].number)) + " u." + names.back() +
                 table.param_types[column].cast;
    }
    return core::sql(R"(SELECT u.n, t.id FROM {records} JOIN {table} AS t ON t.tenant_id == $1{match}
                         WHERE t.external_id IS NULL AND t.deleted_at IS NULL ORDER BY u.n FOR UPDATE OF t)",
                     {{"records", unnested(names)}, {"table", table.name}, {"match", match}});
}

void link_row(Item& item, const core::Uuid& id) {
    if (item.adopted) {
        item.fail(core::Code::ambiguous_reference, "", core::Reason::ambiguous_natural_key);
        return;
    }
    item.found = item.adopted = true;
    item.plan = Plan::update;
    item.id = id;
    item.warn("ADOPTED", core::Reason::adopted);
}

void adopt_entity(UpsertCall& upsert, const std::vector<Item*>& all) {
    const core::Entity& entity = all.front()->entity();
    auto const key = natural_key(entity);
    std::vector<Item*> items;
    for (Item* item : all)
        if (!key.empty() && may_adopt(upsert, *item, key)) items.push_back(item);
    if (items.empty()) return;
    std::vector<Param> params{Param::uuid(upsert.tenant)};
    for (const core::Field* field : key)
        params.push_back(cell_param(upsert, *field, items));
    params.push_back(length_param(items));
    execute(statement(upsert, entity, key), params,
            [&](const Row& row) { link_row(*items[static_cast<std::size_t>(row.integer(0) - 1)], row.uuid(1)); });
}

}  // namespace

void adopt(UpsertCall& upsert, const ItemGroups& groups) {
    if (!upsert.options.adopt) return;
    for (const auto& [order, items] : groups)
        adopt_entity(upsert, items);
}

}  // namespace eryxon::pg
