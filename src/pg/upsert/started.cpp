// Fields that are the ERP's until work has begun: then the shop floor goes by them, and they stay as they are.
#include "core/base/sql_text.hpp"
#include "pg/deletes/soft_delete.hpp"
#include "pg/upsert/pipeline.hpp"
#include "pg/upsert/values.hpp"

#include <algorithm>
#include <span>

namespace eryxon::pg {

namespace {

std::vector<const core::Field*> kept_fields(const core::Entity& entity) {
    std::vector<const core::Field*> fields;
    for (const core::Field& field : entity.fields)
        if (field.write == core::Write::until_started && field.mapped()) fields.push_back(&field);
    return fields;
}

// The records that change a row and send one of the fields.
std::vector<Item*> senders(const UpsertCall& upsert, const std::vector<Item*>& items,
                           std::span<const core::Field* const> fields) {
    std::vector<Item*> found;
    auto const sends = [&](const Item& item) {
        return std::any_of(fields.begin(), fields.end(),
                           [&](const core::Field* field) { return cell_value(upsert, item, *field).present; });
    };
    for (Item* item : items)
        if ((item->plan == Plan::update || item->plan == Plan::restore) && sends(*item)) found.push_back(item);
    return found;
}

// Those on whose rows, or below them, work has begun.
std::vector<Item*> begun(const UpsertCall& upsert, const std::vector<Item*>& items) {
    std::vector<core::Uuid> ids;
    for (const Item* item : items)
        ids.push_back(item->id);
    std::vector<Progress> const progress = read_progress(upsert.registry, items.front()->entity(), upsert.tenant, ids);
    std::vector<Item*> found;
    for (std::size_t i = 0; i < items.size(); i++)
        if (progress[i].started || progress[i].running) found.push_back(items[i]);
    return found;
}

// Warns where the record has another value than the row. concat() shows values by their types' own functions.
void warn_of_others(UpsertCall& upsert, const std::vector<Item*>& items, const core::Field& field) {
    const core::Entity& entity = items.front()->entity();
    const Table& table = upsert.registry.table(entity);
    std::vector<core::Uuid> ids;
    for (const Item* item : items)
        ids.push_back(item->id);
    std::string const sent =
        "pg_catalog.concat(u.sent" + table.param_types[static_cast<std::size_t>(field.column)].cast + ")";
    std::string const statement = core::sql(
        R"(SELECT u.n, pg_catalog.concat(t.{column}), {sent} FROM {records}
             JOIN {table} AS t ON t.tenant_id == $1 AND t.id == u.id
            WHERE pg_catalog.concat(t.{column}) <> {sent})",
        {{"column", quoted(field.column_name)},
         {"sent", sent},
         {"records", unnested({"id", "sent"})},
         {"table", table.name}});
    execute(statement,
            {Param::uuid(upsert.tenant), uuid_array(ids), cell_param(upsert, field, items), length_param(ids)},
            [&](const Row& row) {
                Item& item = *items[static_cast<std::size_t>(row.integer(0) - 1)];
                item.warnings.push_back(core::make_warning("KEPT", item.record->path + field.name, core::Reason::kept,
                                                           {{"kept", row.text(1)}, {"sent", row.text(2)}}));
            });
}

}  // namespace

void keep_started(UpsertCall& upsert, const ItemGroups& groups) {
    for (const auto& [order, items] : groups) {
        std::vector<const core::Field*> const fields = kept_fields(items.front()->entity());
        std::vector<Item*> changing = senders(upsert, items, fields);
        if (!changing.empty()) changing = begun(upsert, changing);
        for (const core::Field* field : fields) {
            std::vector<Item*> const sent = senders(upsert, changing, {&field, 1});
            if (sent.empty()) continue;
            warn_of_others(upsert, sent, *field);
            for (Item* item : sent)
                item->kept.push_back(field);
        }
    }
}

}  // namespace eryxon::pg
