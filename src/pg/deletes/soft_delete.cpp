// Soft-deletes rows: locks the roots, finds and locks what belongs to them, writes, checks foreign keys, records the
// cascade.
#include "pg/deletes/soft_delete.hpp"

#include "core/base/sql_text.hpp"
#include "pg/deletes/cascade_set.hpp"
#include "pg/deletes/delete_trigger.hpp"
#include "pg/deletes/deleted_by.hpp"
#include "pg/registry/tenant.hpp"
#include "pg/server/refusal.hpp"
#include "pg/server/security_context.hpp"

extern "C" {
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/timestamp.h"
}

namespace eryxon::pg {

namespace {

constexpr const char* policy_hint =
    "The row must pass the table's SELECT and UPDATE policies before and after it is marked as deleted: let them pass "
    "rows with deleted_at set, and hide those in views or queries.";

// One call of soft_delete().
class Deletion {
public:
    Deletion(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
             std::span<const core::Uuid> roots, RootOrder order)
        : registry_(registry), entity_(entity), tenant_(tenant), roots_(roots), order_(order), user_(user_id()) {}

    std::vector<DeletedRow> run();

private:
    Ids lock_roots() const;
    void check_left_out(const Ids& locked) const;
    void write(const CascadeSet& cascade, const Ids& locked);
    void write_rows(const core::Entity& entity, const Ids& ids);
    void check_references(const CascadeSet& cascade) const;
    std::vector<DeletedRow> attribute(const CascadeSet& cascade) const;
    void record(const std::vector<DeletedRow>& rows) const;
    void forget_earlier(const std::vector<DeletedRow>& rows) const;

    const Registry& registry_;
    const core::Entity& entity_;
    const core::Uuid& tenant_;
    std::span<const core::Uuid> roots_;
    RootOrder order_;
    std::optional<core::Uuid> user_;
    std::map<std::pair<const core::Entity*, core::Uuid>, TimestampTz> times_;  // deleted_at as it was written
};

std::vector<DeletedRow> Deletion::run() {
    Ids const locked = lock_roots();
    check_left_out(locked);
    if (locked.empty()) return {};
    CascadeSet cascade(registry_, entity_, tenant_, locked, true);
    cascade.grow();
    write(cascade, locked);
    check_references(cascade);
    std::vector<DeletedRow> rows = attribute(cascade);
    as_extension_owner([&] {
        forget_earlier(rows);
        record(rows);
    });
    return rows;
}

Ids Deletion::lock_roots() const {
    return lock_rows(registry_.table(entity_), tenant_, Ids(roots_.begin(), roots_.end()), RowState::live,
                     RowLock::update);
}

// A root that is live but could not be locked was held back by a policy.
void Deletion::check_left_out(const Ids& locked) const {
    Ids missing;
    for (const core::Uuid& root : roots_)
        if (locked.count(root) == 0) missing.insert(root);
    const Table& table = registry_.table(entity_);
    Ids const live = lock_rows_as_owner(table, tenant_, missing, RowState::live, RowLock::key_share);
    if (live.empty()) return;
    refuse({core::Code::access_denied,
            "a policy prevents " + entity_.singular + " " + core::to_string(*live.begin()) +
                " from being marked as deleted",
            policy_hint, table.oid});
}

// Writes the rows, entity by entity: the roots with the caller's rights, the others with their tables' owners'.
void Deletion::write(const CascadeSet& cascade, const Ids& locked) {
    for (const auto& [entity, ids] : cascade.rows()) {
        Ids below = ids;
        if (entity == &entity_) {
            try {
                write_rows(*entity, locked);
            } catch (const Error& error) {
                if (error.is(ERRCODE_INSUFFICIENT_PRIVILEGE)) refuse(error, policy_hint);
                throw;
            }
            for (const core::Uuid& id : locked)
                below.erase(id);
        }
        as_child_owner(entity_.table, entity->table, [&, of = entity] { write_rows(*of, below); });
    }
}

void Deletion::write_rows(const core::Entity& entity, const Ids& ids) {
    if (ids.empty()) return;
    const Table& table = registry_.table(entity);
    std::string const statement = core::sql(
        R"(UPDATE {table} SET deleted_at = pg_catalog.now(), deleted_by = $3{updated_at}
            WHERE tenant_id == $1 AND id == ANY ($2) AND deleted_at IS NULL
            RETURNING CASE WHEN tenant_id == $1 THEN id END, deleted_at)",
        {{"table", table.name}, {"updated_at", entity.has_updated_at ? ", updated_at = pg_catalog.now()" : ""}});
    std::optional<core::Uuid> const user = known_user(table, tenant_, user_);
    std::size_t written = 0;
    execute(statement, {Param::uuid(tenant_), uuid_array(ids), user ? Param::uuid(*user) : Param::none(UUIDOID)},
            [&](const Row& row) {
                if (row.is_null(0) || row.is_null(1) || ids.count(row.uuid(0)) == 0) return;
                times_[{&entity, row.uuid(0)}] = row.timestamp(1);
                written++;
            });
    if (written < ids.size())
        refuse({core::Code::database_error,
                "a trigger prevented a row of \"" + entity.name + "\" from being marked as deleted",
                "Look for BEFORE UPDATE triggers that return NULL or change id, tenant_id or deleted_at.", table.oid});
}

// Refuses if a live row refers to a deleted one by a foreign key that does not act on deletes.
void Deletion::check_references(const CascadeSet& cascade) const {
    auto const keys = foreign_keys(registry_);
    for (const ForeignKey& key : keys->keys) {
        auto const parents = cascade.rows().find(key.parent);
        if (parents == cascade.rows().end() || parents->second.empty()) continue;
        if (key.child != nullptr) registry_.table(*key.child);  // refuses: its rows cannot be looked at
        if ((key.cascades() || key.forbids()) && has_unseen_children(key, tenant_, parents->second))
            refuse({core::Code::database_error,
                    "could not serialize access due to concurrent update",
                    {},
                    key.from,
                    key.name,
                    "40001"});
        if (!key.forbids()) continue;
        std::optional<Link> const found = referrer_of(key, tenant_, parents->second);
        if (!found) continue;
        refuse({core::Code::fk_constraint,
                key.parent->singular + " " + core::to_string(found->parent) + " is still referenced from \"" +
                    key.child->name + "\"",
                "Delete those rows first, or let them refer to another " + key.parent->singular + ".", key.from,
                key.name});
    }
}

std::vector<DeletedRow> Deletion::attribute(const CascadeSet& cascade) const {
    std::vector<DeletedRow> rows;
    for (const auto& [entity, ids] : cascade.attribute(roots_, order_ == RootOrder::topmost_first))
        for (const auto& [id, root] : ids)
            rows.push_back({root, entity, id});
    return rows;
}

// A row's place in a cascade it went with earlier no longer counts.
void Deletion::forget_earlier(const std::vector<DeletedRow>& rows) const {
    ByEntity<Ids> ids;
    for (const DeletedRow& row : rows)
        ids[row.entity].insert(row.id);
    for (const auto& [entity, of_entity] : ids)
        execute(core::sql(
                    "DELETE FROM eryxon.soft_delete WHERE tenant_id == $1 AND row_entity == $2 AND row_id == ANY ($3)"),
                {Param::uuid(tenant_), Param::text(entity->name), uuid_array(of_entity)});
}

Param time_array(const std::vector<TimestampTz>& times) {
    std::vector<Datum> datums;
    datums.reserve(times.size());
    for (TimestampTz time : times)
        datums.push_back(TimestampTzGetDatum(time));
    return {TIMESTAMPTZARRAYOID, call([&] {
                return PointerGetDatum(construct_array(datums.data(), static_cast<int>(datums.size()), TIMESTAMPTZOID,
                                                       sizeof(TimestampTz), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
            })};
}

void Deletion::record(const std::vector<DeletedRow>& rows) const {
    std::vector<core::Uuid> roots, ids;
    std::vector<std::string_view> entities;
    std::vector<TimestampTz> times;
    for (const DeletedRow& row : rows) {
        roots.push_back(roots_[row.root]);
        ids.push_back(row.id);
        entities.push_back(row.entity->name);
        times.push_back(times_.at({row.entity, row.id}));
    }
    execute(
        R"(INSERT INTO eryxon.soft_delete (entity, root, row_entity, row_id, tenant_id, deleted_at)
           SELECT $1, r.root, r.entity, r.id, $2, r.deleted_at
             FROM ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5),
                             pg_catalog.unnest($6)) r(root, entity, id, deleted_at))",
        {Param::text(entity_.name), Param::uuid(tenant_), uuid_array(std::span<const core::Uuid>(roots)),
         text_array(entities), uuid_array(std::span<const core::Uuid>(ids)), time_array(times)});
}

// Deletes rows of an entity that does not keep them.
std::vector<DeletedRow> hard_delete_rows(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
                                         std::span<const core::Uuid> roots) {
    std::map<core::Uuid, std::size_t> first;
    for (std::size_t i = 0; i < roots.size(); i++)
        first.emplace(roots[i], i);
    std::vector<DeletedRow> rows;
    execute(core::sql("DELETE FROM {table} WHERE tenant_id == $1 AND id == ANY ($2) RETURNING id",
                      {{"table", registry.table(entity).name}}),
            {Param::uuid(tenant), uuid_array(roots)}, [&](const Row& row) {
                rows.push_back({first.at(row.uuid(0)), &entity, row.uuid(0)});
            });
    return rows;
}

// True if row level security applies to the caller.
bool has_policies(const Table& table) {
    return call([&] { return check_enable_rls(table.oid, InvalidOid, true) == RLS_ENABLED; });
}

}  // namespace

void require_delete_privilege(const Table& table) {
    try {
        call([&] {
            AclResult const result = pg_class_aclcheck(table.oid, GetUserId(), ACL_DELETE);
            if (result != ACLCHECK_OK) aclcheck_error(result, OBJECT_TABLE, get_rel_name(table.oid));
        });
    } catch (const Error& error) {
        throw core::CallError(core::Code::access_denied, error.what());
    }
}

void require_deletable(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
                       std::span<const core::Uuid> ids) {
    const Table& table = registry.table(entity);
    require_delete_privilege(table);
    if (!entity.soft_delete || !has_policies(table)) return;
    DeletePolicyProbe const probe(table.oid, ids);
    std::string const live_rows = core::sql(
        "FROM {table} WHERE tenant_id == $1 AND id == ANY ($2) AND deleted_at IS NULL", {{"table", table.name}});
    std::uint64_t const gone = execute("DELETE " + live_rows, {Param::uuid(tenant), uuid_array(ids)});
    if (gone > 0)
        refuse({core::Code::database_error,
                "the trigger that marks rows of \"" + entity.name + "\" as deleted does not fire",
                "Enable it, or call eryxon_attach() again.",
                table.oid,
                {},
                "55000"});
    execute("SELECT id " + live_rows, {Param::uuid(tenant), uuid_array(ids)}, [&](const Row& row) {
        if (probe.passed().count(row.uuid(0)) != 0) return;
        refuse({core::Code::access_denied,
                "a policy or trigger prevents " + entity.singular + " " + core::to_string(row.uuid(0)) +
                    " from being deleted",
                "The row must pass the table's DELETE policies.", table.oid});
    });
}

std::vector<DeletedRow> soft_delete(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
                                    std::span<const core::Uuid> roots, RootOrder order) {
    if (roots.empty()) return {};
    if (!entity.soft_delete) return hard_delete_rows(registry, entity, tenant, roots);
    return Deletion(registry, entity, tenant, roots, order).run();
}

}  // namespace eryxon::pg
