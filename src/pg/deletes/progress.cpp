// Tells how far work has gone on rows that are to be deleted.
#include "pg/deletes/soft_delete.hpp"

#include "core/base/sql_text.hpp"
#include "pg/deletes/cascade_set.hpp"
#include "pg/server/debug_point.hpp"
#include "pg/server/security_context.hpp"

namespace eryxon::pg {

namespace {

// The field whose values only move forward, if the table has it.
const core::Field* progress_field(const core::Entity& entity) {
    for (const core::Field& field : entity.fields)
        if (field.write == core::Write::forward && field.mapped() && !field.allowed.empty()) return &field;
    return nullptr;
}

Progress progress_of(const core::Entity& entity, const core::Field& field, std::string_view value) {
    Progress progress;
    progress.running = entity.name == "operations" && value == "in_progress";
    progress.started = !value.empty() && value != field.allowed.front();
    return progress;
}

// Reads the progress of each row of one entity. concat() shows a value by its type's own function; a cast to text could
// be one that the type's owner made, which has no business with the rights of the table's owner.
std::map<core::Uuid, Progress> read_rows(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
                                         const Ids& ids) {
    std::map<core::Uuid, Progress> found;
    const core::Field* field = progress_field(entity);
    if (field == nullptr || ids.empty()) return found;
    const Table& table = registry.table(entity);
    std::string const column = quoted(entity.columns[static_cast<std::size_t>(field->column)].name);
    as_table_owner(table.oid, [&] {
        execute(
            core::sql("SELECT id, pg_catalog.concat({column}) FROM {table} WHERE tenant_id == $1 AND id == ANY ($2)",
                      {{"table", table.name}, {"column", column}}),
            {Param::uuid(tenant), uuid_array(ids)},
            [&](const Row& row) { found[row.uuid(0)] = progress_of(entity, *field, row.text(1)); });
    });
    return found;
}

}  // namespace

std::vector<Progress> read_progress(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
                                    std::span<const core::Uuid> roots) {
    std::vector<Progress> result(roots.size());
    CascadeSet cascade(registry, entity, tenant, Ids(roots.begin(), roots.end()), true);
    cascade.grow();
    std::map<std::pair<const core::Entity*, core::Uuid>, Progress> rows;
    for (const auto& [of, ids] : cascade.rows())
        for (const auto& [id, progress] : read_rows(registry, *of, tenant, ids))
            rows[{of, id}] = progress;
    debug_point(DebugPoint::progress_read);
    for (std::size_t i = 0; i < roots.size(); i++)
        for (const auto& [of, ids] : cascade.attribute(roots.subspan(i, 1)))
            for (const auto& [id, root] : ids) {
                auto const row = rows.find({of, id});
                if (row == rows.end()) continue;
                result[i].running |= row->second.running;
                result[i].started |= row->second.started;
            }
    return result;
}

}  // namespace eryxon::pg
