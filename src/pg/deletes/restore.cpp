// Brings soft-deleted rows back with what went with them: reads the records, locks parents and rows, checks, writes.
#include "pg/deletes/soft_delete.hpp"

#include "core/base/sql_text.hpp"
#include "pg/deletes/recorded_rows.hpp"
#include "pg/server/refusal.hpp"
#include "pg/server/security_context.hpp"

#include <algorithm>

namespace eryxon::pg {

namespace {

// A row's reference to another, over a key that cascades or forbids.
struct Reference {
    const ForeignKey* key;
    RowKey child, parent;
};

// One call of restore_cascades().
class Restoration {
public:
    Restoration(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
                std::span<const core::Uuid> roots, bool restore_roots, const Spared& spared)
        : registry_(registry),
          entity_(entity),
          tenant_(tenant),
          roots_(roots),
          restore_roots_(restore_roots),
          spared_(spared),
          keys_(foreign_keys(registry)) {}

    std::vector<DeletedRow> run();

private:
    bool is_root(const RowKey& row) const { return row.first == &entity_ && root_ids_.count(row.second) != 0; }
    void read_rows();
    void read_references();
    bool lock_parents();
    void lock_roots() const;
    bool lock_candidates();
    void keep_reachable();
    void spread(std::vector<std::pair<RowKey, std::size_t>> reached);
    bool comes_back(const Reference& reference) const;
    void drop_orphans();
    bool is_held_back(const Reference& reference) const;
    bool has_parent_there(const Reference& reference) const;
    void check_references() const;
    [[noreturn]] void refuse_reference(const Reference& reference) const;
    void write();
    void write_rows(const core::Entity& entity, const Ids& ids) const;
    void forget() const;
    std::vector<DeletedRow> rows() const;

    const Registry& registry_;
    const core::Entity& entity_;
    const core::Uuid& tenant_;
    std::span<const core::Uuid> roots_;
    bool restore_roots_;
    const Spared& spared_;
    std::shared_ptr<const ForeignKeys> keys_;

    Ids root_ids_;
    std::map<RowKey, RecordedRow> recorded_;    // the rows that may come back
    std::map<RowKey, std::size_t> candidates_;  // rows to bring back, and the root they belong to
    std::vector<Reference> references_;         // of the candidates and the roots
    std::multimap<RowKey, const Reference*> by_parent_;
    std::set<RowKey> tried_, live_, locked_;
};

std::vector<DeletedRow> Restoration::run() {
    root_ids_ = Ids(roots_.begin(), roots_.end());
    recorded_ = read_recorded_rows(registry_, entity_, tenant_, root_ids_);
    bool again = true;
    while (again) {
        read_rows();
        read_references();
        keep_reachable();
        again = lock_parents();
        again = lock_candidates() || again;
    }
    drop_orphans();
    check_references();
    write();
    as_extension_owner([&] { forget(); });
    return rows();
}

// Finds the recorded rows that are still deleted as they were recorded.
void Restoration::read_rows() {
    ByEntity<Ids> ids;
    for (const auto& [row, record] : recorded_)
        if (!is_root(row) && !spared_.rows.contains(row)) ids[row.first].insert(row.second);
    candidates_.clear();
    for (const auto& [entity, of_entity] : ids) {
        const Table& table = registry_.table(*entity);
        as_table_owner(table.oid, [&, from = entity, wanted = &of_entity] {
            execute(core::sql(R"(SELECT id, deleted_at FROM {table}
                                  WHERE tenant_id == $1 AND id == ANY ($2) AND deleted_at IS NOT NULL)",
                              {{"table", table.name}}),
                    {Param::uuid(tenant_), uuid_array(*wanted)}, [&](const Row& row) {
                        RowKey const found{from, row.uuid(0)};
                        if (recorded_.at(found).deleted_at == row.timestamp(1)) candidates_[found] = roots_.size();
                    });
        });
    }
}

// Reads what the candidates and the roots refer to.
void Restoration::read_references() {
    ByEntity<Ids> ids;
    for (const auto& [row, root] : candidates_)
        ids[row.first].insert(row.second);
    if (restore_roots_) ids[&entity_].insert(root_ids_.begin(), root_ids_.end());
    references_.clear();
    for (const ForeignKey& key : keys_->keys) {
        auto const children = ids.find(key.child);
        if ((!key.cascades() && !key.forbids()) || children == ids.end()) continue;
        for (const Link& link : parents_of(key, tenant_, children->second))
            references_.push_back({&key, {key.child, link.child}, {key.parent, link.parent}});
    }
    by_parent_.clear();
    for (const Reference& reference : references_)
        by_parent_.emplace(reference.parent, &reference);
}

// Gives each candidate its root: the one that it went with, else the one it hangs on. Drops the others.
void Restoration::keep_reachable() {
    std::map<core::Uuid, std::size_t> first;
    for (std::size_t i = roots_.size(); i-- > 0;)
        first[roots_[i]] = i;
    std::vector<std::pair<RowKey, std::size_t>> reached;
    for (auto& [row, root] : candidates_) {
        const RecordedRow& record = recorded_.at(row);
        auto const own = first.find(record.root);
        if (record.entity != entity_.name || own == first.end()) continue;
        root = own->second;
        reached.emplace_back(row, root);
    }
    for (const auto& [id, index] : first)
        reached.push_back({{&entity_, id}, index});
    spread(std::move(reached));
    std::erase_if(candidates_, [&](const auto& candidate) { return candidate.second == roots_.size(); });
}

// Gives candidates that hang on rows the roots of these.
void Restoration::spread(std::vector<std::pair<RowKey, std::size_t>> reached) {
    while (!reached.empty()) {
        auto const [parent, root] = reached.back();
        reached.pop_back();
        for (auto [at, last] = by_parent_.equal_range(parent); at != last; ++at) {
            auto const child = candidates_.find(at->second->child);
            if (!at->second->key->cascades() || child == candidates_.end() || child->second < roots_.size()) continue;
            child->second = root;
            reached.emplace_back(child->first, root);
        }
    }
}

// True if the row that refers comes back.
bool Restoration::comes_back(const Reference& reference) const {
    return is_root(reference.child) || candidates_.count(reference.child) != 0;
}

// Locks rows that are referred to and do not come back themselves, as far as they are live. True if any was new.
bool Restoration::lock_parents() {
    ByEntity<Ids> missing;
    for (const Reference& reference : references_) {
        const RowKey& parent = reference.parent;
        if (!comes_back(reference) || is_root(parent) || candidates_.count(parent) != 0) continue;
        if (!tried_.insert(parent).second) continue;
        missing[parent.first].insert(parent.second);
    }
    for (const auto& [entity, ids] : missing)
        for (const core::Uuid& id :
             lock_rows_as_owner(registry_.table(*entity), tenant_, ids, RowState::live, RowLock::key_share))
            live_.insert({entity, id});
    return !missing.empty();
}

// Locks the roots with the caller's rights, and refuses if one is live meanwhile or a policy holds it back.
void Restoration::lock_roots() const {
    const Table& table = registry_.table(entity_);
    Ids missing = root_ids_;
    for (const core::Uuid& id : lock_rows(table, tenant_, root_ids_, RowState::deleted, RowLock::update))
        missing.erase(id);
    if (missing.empty()) return;
    std::string const name = entity_.singular + " " + core::to_string(*missing.begin());
    if (lock_rows_as_owner(table, tenant_, missing, RowState::deleted, RowLock::key_share).empty())
        refuse({core::Code::not_found, name + " is not deleted"});
    refuse({core::Code::access_denied, "a policy prevents " + name + " from being restored",
            "It must pass the table's SELECT and UPDATE policies.", table.oid});
}

// Locks the rows that come back. True if any was new.
bool Restoration::lock_candidates() {
    ByEntity<Ids> missing;
    if (restore_roots_ && locked_.empty()) missing[&entity_] = root_ids_;
    for (const auto& [row, root] : candidates_)
        if (locked_.count(row) == 0) missing[row.first].insert(row.second);
    for (const auto& [entity, ids] : missing) {
        const Table& table = registry_.table(*entity);
        Ids below = ids;
        if (entity == &entity_ && restore_roots_ && locked_.empty()) {
            lock_roots();
            for (const core::Uuid& id : root_ids_)
                below.erase(id);
        }
        lock_rows_as_owner(table, tenant_, below, RowState::deleted, RowLock::update);
        for (const core::Uuid& id : ids)
            locked_.insert({entity, id});
    }
    return !missing.empty();
}

bool Restoration::has_parent_there(const Reference& reference) const {
    return is_root(reference.parent) || candidates_.count(reference.parent) != 0 || live_.count(reference.parent) != 0;
}

// True if the row stays deleted because of this reference: its parent does, or it may and refers to a deleted row.
bool Restoration::is_held_back(const Reference& reference) const {
    if (is_root(reference.child) || has_parent_there(reference)) return false;
    auto const row = candidates_.find(reference.child);
    if (row == candidates_.end()) return false;
    return reference.key->cascades() || spared_.lenient_roots.contains(roots_[row->second]);
}

// Leaves out rows below the roots that stay deleted, and what hangs on them.
void Restoration::drop_orphans() {
    std::vector<RowKey> dropped;
    auto const drop = [&](const Reference& reference) {
        if (is_held_back(reference) && candidates_.erase(reference.child) > 0) dropped.push_back(reference.child);
    };
    for (const Reference& reference : references_)
        drop(reference);
    while (!dropped.empty()) {
        RowKey const parent = dropped.back();
        dropped.pop_back();
        for (auto [at, last] = by_parent_.equal_range(parent); at != last; ++at)
            drop(*at->second);
    }
}

// Refuses if a row that comes back would refer to a deleted one.
void Restoration::check_references() const {
    for (const Reference& reference : references_)
        if (comes_back(reference) && !has_parent_there(reference)) refuse_reference(reference);
}

void Restoration::refuse_reference(const Reference& reference) const {
    const core::Entity& parent = *reference.parent.first;
    std::string const name = parent.singular + " " + core::to_string(reference.parent.second);
    refuse({core::Code::fk_constraint,
            reference.child.first->singular + " " + core::to_string(reference.child.second) + " refers to " + name +
                ", which is deleted",
            "Restore " + name + " first.", reference.key->from, reference.key->name});
}

// Writes the rows, entity by entity, as soft_delete() does.
void Restoration::write() {
    ByEntity<Ids> ids;
    if (restore_roots_) ids[&entity_];
    for (const auto& [row, root] : candidates_)
        ids[row.first].insert(row.second);
    for (const auto& [entity, of_entity] : ids) {
        if (entity == &entity_ && restore_roots_) write_rows(*entity, root_ids_);
        as_child_owner(entity_.table, entity->table, [&, to = entity, below = &of_entity] { write_rows(*to, *below); });
    }
}

void Restoration::write_rows(const core::Entity& entity, const Ids& ids) const {
    if (ids.empty()) return;
    const Table& table = registry_.table(entity);
    std::string const statement = core::sql(
        R"(UPDATE {table} SET deleted_at = NULL, deleted_by = NULL{updated_at}
            WHERE tenant_id == $1 AND id == ANY ($2) AND deleted_at IS NOT NULL
            RETURNING deleted_at IS NULL AND tenant_id == $1 AND id == ANY ($2))",
        {{"table", table.name}, {"updated_at", entity.has_updated_at ? ", updated_at = pg_catalog.now()" : ""}});
    std::size_t written = 0;
    execute(statement, {Param::uuid(tenant_), uuid_array(ids)}, [&](const Row& row) { written += row.boolean(0); });
    if (written < ids.size())
        refuse({core::Code::database_error, "a trigger prevented a row of \"" + entity.name + "\" from being restored",
                "Look for BEFORE UPDATE triggers that return NULL or change id, tenant_id or deleted_at.", table.oid});
}

// Drops the records of the rows that are back.
void Restoration::forget() const {
    ByEntity<Ids> ids;
    ids[&entity_] = root_ids_;
    for (const auto& [row, root] : candidates_)
        ids[row.first].insert(row.second);
    for (const auto& [entity, of_entity] : ids)
        execute(core::sql(
                    "DELETE FROM eryxon.soft_delete WHERE tenant_id == $1 AND row_entity == $2 AND row_id == ANY ($3)"),
                {Param::uuid(tenant_), Param::text(entity->name), uuid_array(of_entity)});
}

std::vector<DeletedRow> Restoration::rows() const {
    std::vector<DeletedRow> rows;
    if (restore_roots_)
        for (std::size_t i = 0; i < roots_.size(); i++)
            rows.push_back({i, &entity_, roots_[i]});
    for (const auto& [row, root] : candidates_)
        rows.push_back({root, row.first, row.second});
    return rows;
}

}  // namespace

std::vector<DeletedRow> restore_cascades(const Registry& registry, const core::Entity& entity, const core::Uuid& tenant,
                                         std::span<const core::Uuid> roots, bool restore_roots, const Spared& spared) {
    if (roots.empty()) return {};
    return Restoration(registry, entity, tenant, roots, restore_roots, spared).run();
}

}  // namespace eryxon::pg
