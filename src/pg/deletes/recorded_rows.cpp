// Reading what was recorded of soft-deleted rows: whole cascades, or what hangs on some of their rows.
#include "pg/deletes/recorded_rows.hpp"

#include "core/base/sql_text.hpp"
#include "pg/server/security_context.hpp"

namespace eryxon::pg {

namespace {

class RecordReader {
public:
    RecordReader(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant, const Ids& roots)
        : registry_(registry), entity_(entity), tenant_(tenant), roots_(roots), keys_(foreign_keys(registry)) {}

    std::map<RowKey, RecordedRow> read() {
        Ids went_along = read_roots();
        if (went_along.size() < roots_.size()) read_whole();
        ByEntity<Ids> level;
        if (!went_along.empty()) level[&entity_] = std::move(went_along);
        while (!level.empty())
            level = read_children(level);
        return std::move(rows_);
    }

private:
    // Reads how the roots were recorded; returns those that went with another row.
    Ids read_roots() {
        Ids went_along = roots_;
        read_rows(entity_, roots_, [&](const core::Uuid& id, RecordedRow record) {
            if (record.entity == entity_.name && record.root == id) went_along.erase(id);
            cascades_.emplace(std::move(record.entity), record.root);
        });
        return went_along;
    }

    // Reads all that went with roots which were deleted themselves.
    void read_whole() {
        std::string const statement = core::sql(R"(SELECT row_entity, row_id, root, deleted_at FROM eryxon.soft_delete
                                                    WHERE tenant_id == $1 AND entity == $2 AND root == ANY ($3))");
        as_extension_owner([&] {
            execute(statement, {Param::uuid(tenant_), Param::text(entity_.name), uuid_array(roots_)},
                    [&](const Row& row) {
                        if (const core::Entity* of = registry_.schema.find(row.text(0)))
                            rows_[{of, row.uuid(1)}] = {entity_.name, row.uuid(2), row.timestamp(3)};
                    });
        });
    }

    // Reads the deleted children of rows, as far as they went with a root; returns those that were not known yet.
    ByEntity<Ids> read_children(const ByEntity<Ids>& parents) {
        ByEntity<Ids> children, fresh;
        for (const ForeignKey& key : keys_->keys) {
            auto const above = parents.find(key.parent);
            if (!key.cascades() || above == parents.end()) continue;
            for (const Link& link : children_of(key, tenant_, above->second, RowState::deleted))
                if (!rows_.contains({key.child, link.child})) children[key.child].insert(link.child);
        }
        for (const auto& [entity, ids] : children)
            read_rows(*entity, ids, [&, of = entity](const core::Uuid& id, RecordedRow record) {
                if (!cascades_.contains({record.entity, record.root})) return;
                fresh[of].insert(id);
                rows_[{of, id}] = std::move(record);
            });
        return fresh;
    }

    // Calls `take` with the records of rows of one entity.
    template <class Take>
    void read_rows(const core::Entity& entity, const Ids& ids, Take take) const {
        std::string const statement = core::sql(R"(SELECT row_id, entity, root, deleted_at FROM eryxon.soft_delete
                                                    WHERE tenant_id == $1 AND row_entity == $2 AND row_id == ANY ($3))");
        as_extension_owner([&] {
            execute(statement, {Param::uuid(tenant_), Param::text(entity.name), uuid_array(ids)}, [&](const Row& row) {
                take(row.uuid(0), RecordedRow{std::string(row.text(1)), row.uuid(2), row.timestamp(3)});
            });
        });
    }

    const Registry& registry_;
    const core::Entity& entity_;
    const core::Uuid& tenant_;
    const Ids& roots_;
    std::shared_ptr<const ForeignKeys> keys_;
    std::set<std::pair<std::string, core::Uuid>> cascades_{};  // in which the roots were recorded: entity and root
    std::map<RowKey, RecordedRow> rows_{};
};

}  // namespace

std::map<RowKey, RecordedRow> read_recorded_rows(const Registry& registry, const core::Entity& entity,
                                                 const core::Uuid& tenant, const Ids& roots) {
    return RecordReader(registry, entity, tenant, roots).read();
}

}  // namespace eryxon::pg
