// What a diff shows: the mapped columns of the records' rows before and after.
#include "pg/upsert/pipeline.hpp"

#include "core/base/sql_text.hpp"
namespace eryxon::pg {

namespace {

struct DiffColumn {
    std::string shown;  // the field's name; a reference's column
    std::string column;
};

std::vector<DiffColumn> columns_of(const core::Entity& entity) {
    std::vector<DiffColumn> columns;
    for (const core::Field& field : entity.fields)
        if (field.mapped()) columns.push_back({field.reference ? field.column_name : field.name, field.column_name});
    return columns;
}

// Each row is looked up by its id: where statistics are old the planner would rather compare each row of the tenant
// with each id, which takes time by the square of them. OFFSET keeps it from doing so.
std::string statement(const core::Entity& entity, const Table& table) {
    std::string pairs;
    for (const DiffColumn& column : columns_of(entity))
        pairs += (pairs.empty() ? "t." : ", t.") + quoted(column.column);
    return core::sql(R"(SELECT u.n, r.image
                          FROM {rows} CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(ROW ({pairs}))::pg_catalog.text
                                  FROM {table} AS t WHERE t.tenant_id == $1 AND t.id == u.id OFFSET 0) AS r(image))",
                     {{"pairs", pairs}, {"rows", unnested({"id"})}, {"table", table.name}});
}

core::Json shown(const core::Json& image, std::size_t column) {
    const core::Json* value = image.find("f" + std::to_string(column + 1));
    return value != nullptr ? *value : core::Json::null();
}

// Reads the rows of records of one entity.
void read_entity_images(UpsertCall& upsert, std::span<Item* const> items, RowImages& images) {
    const core::Entity& entity = items.front()->entity();
    if (columns_of(entity).empty()) return;
    std::vector<core::Uuid> ids;
    for (const Item* item : items)
        ids.push_back(item->id);
    execute(statement(entity, upsert.registry.table(entity)),
            {Param::uuid(upsert.tenant), uuid_array(ids), length_param(ids)}, [&](const Row& row) {
                const Item* item = items[static_cast<std::size_t>(row.integer(0) - 1)];
                images[item] = core::parse_json(upsert.arena.copy(row.text(1)), upsert.arena);
            });
}

void note_item(const Item& item, const RowImages& before, const RowImages& after) {
    auto const old_image = before.find(&item), new_image = after.find(&item);
    if (!item.writes() || item.plan == Plan::remove || new_image == after.end()) return;
    auto const columns = columns_of(item.entity());
    for (std::size_t i = 0; i < columns.size(); i++) {
        core::Json const was = shown(old_image == before.end() ? core::Json::null() : old_image->second, i);
        core::Json const is = shown(new_image->second, i);
        if (core::json_text(was) != core::json_text(is))
            item.tree->changes.push_back({&item, {columns[i].shown, was, is}});
    }
}

}  // namespace

RowImages read_images(UpsertCall& upsert, std::span<RecordTree* const> trees) {
    RowImages images;
    for (const auto& [order, items] : group_items(items_of(trees)))
        read_entity_images(upsert, items, images);
    return images;
}

void note_changes(UpsertCall& upsert, std::span<RecordTree* const> trees, const RowImages& before) {
    RowImages const after = read_images(upsert, trees);
    for (const RecordTree* tree : trees)
        if (tree->state == RecordTree::State::done)
            for (const Item* item : tree->items)
                note_item(*item, before, after);
}

}  // namespace eryxon::pg
