// What a diff shows: the mapped columns of top-level rows before and after.
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

}  // namespace

RowImages read_images(UpsertCall& upsert, std::span<RecordTree* const> trees) {
    RowImages images;
    std::vector<core::Uuid> ids;
    for (const RecordTree* tree : trees)
        ids.push_back(tree->root().id);
    if (ids.empty()) return images;
    const core::Entity& entity = trees.front()->root().entity();
    if (columns_of(entity).empty()) return images;
    execute(statement(entity, upsert.registry.table(entity)),
            {Param::uuid(upsert.tenant), uuid_array(ids), length_param(ids)}, [&](const Row& row) {
                const Item* item = &trees[static_cast<std::size_t>(row.integer(0) - 1)]->root();
                images[item] = core::parse_json(upsert.arena.copy(row.text(1)), upsert.arena);
            });
    return images;
}

void note_changes(UpsertCall& upsert, std::span<RecordTree* const> trees, const RowImages& before) {
    RowImages const after = read_images(upsert, trees);
    for (RecordTree* tree : trees) {
        const Item* item = &tree->root();
        if (tree->state != RecordTree::State::done || !item->writes() || item->plan == Plan::remove) continue;
        auto const old_image = before.find(item), new_image = after.find(item);
        if (new_image == after.end()) continue;
        auto const columns = columns_of(item->entity());
        for (std::size_t i = 0; i < columns.size(); i++) {
            core::Json const was = shown(old_image == before.end() ? core::Json::null() : old_image->second, i);
            core::Json const is = shown(new_image->second, i);
            if (core::json_text(was) != core::json_text(is)) tree->changes.push_back({columns[i].shown, was, is});
        }
    }
}

}  // namespace eryxon::pg
