// Finding the rows that records stand for: first without locks, then those that will change with them.
#include "core/base/sql_text.hpp"
#include "pg/server/temporary_context.hpp"
#include "pg/upsert/key_index_scan.hpp"
#include "pg/upsert/pipeline.hpp"

#include <algorithm>
#include <tuple>

extern "C" {
#include "access/xact.h"
}

namespace eryxon::pg {

namespace {

// Keys that are looked up by one statement.
constexpr std::size_t keys_per_statement = 10000;
// How often a call looks again after another session was in its way.
constexpr int max_retries = 3;

std::string look_up_statement(const Table& table) {
    return core::sql(
        R"(SELECT u.n, t.id, t.sync_hash, t.deleted_at IS NOT NULL, t.synced_at
             FROM {records}
             JOIN {table} AS t ON t.tenant_id == $1 AND t.external_source == u.s AND t.external_id == u.e)",
        {{"records", unnested({"s", "e"})}, {"table", table.name}});
}

void look_up_slice(UpsertCall& upsert, const Table& table, std::span<Item* const> items) {
    std::vector<std::string_view> sources, ids;
    for (const Item* item : items) {
        sources.push_back(item->record->source);
        ids.push_back(item->record->external_id);
    }
    execute(look_up_statement(table),
            {Param::uuid(upsert.tenant), text_array(sources), text_array(ids), length_param(items)},
            [&](const Row& row) {
                Item& item = *items[static_cast<std::size_t>(row.integer(0) - 1)];
                item.note_row(row.uuid(1), row.text(2), row.boolean(3));
                if (!row.is_null(4)) item.synced_at = row.timestamp(4);
            });
}

// Finds the rows by queries, which keep to the user's rights and policies.
void query_keys(UpsertCall& upsert, std::span<Item* const> items) {
    const Table& table = upsert.registry.table(items.front()->entity());
    for (std::size_t from = 0; from < items.size(); from += keys_per_statement)
        with_temporary_context([&] {
            look_up_slice(upsert, table, items.subspan(from, std::min(keys_per_statement, items.size() - from)));
        });
}

void decide_upsert(UpsertCall& upsert, Item& item) {
    if (!item.found) {
        item.plan = Plan::create;
        item.id = new_id(upsert);
    } else if (item.soft_deleted && upsert.options.deleted == core::Deleted::refuse) {
        item.plan = Plan::skip;
        item.fail(core::Code::deleted, "", core::Reason::deleted, {}, "Option deleted = restore brings it back.");
    } else if (item.soft_deleted) {
        item.plan = Plan::restore;
    } else if (upsert.options.mode == core::Mode::create && !item.revived) {
        item.plan = Plan::skip;
        item.fail(core::Code::exists, "", core::Reason::exists);
    } else {
        item.plan = item.same_hash && upsert.options.skip_unchanged && !item.revived ? Plan::skip : Plan::update;
    }
}

// The columns that lock_rows() reads beside the row's state.
struct LockedColumns {
    std::vector<const core::Field*> forward;
    std::vector<const core::Field*> parents;
    std::string columns;
};

LockedColumns locked_columns_of(const core::Entity& entity, const Table& table) {
    LockedColumns read;
    for (const core::Field& field : entity.fields) {
        if (!field.mapped()) continue;
        std::string const column = ", t." + quoted(field.column_name);
        if (field.write == core::Write::forward) {
            read.forward.push_back(&field);
            read.columns += column + "::pg_catalog.text";
        }
    }
    for (const core::Field& field : entity.fields) {
        if (!field.mapped() || !field.reference || !field.reference->parent) continue;
        read.parents.push_back(&field);
        read.columns += ", t." + quoted(field.column_name);
    }
    read.columns += unique_column_list(entity, table);
    return read;
}

// Leaves a forward field out if the shop floor is further than the ERP.
void keep_progress(Item& item, const core::Field& field, std::string_view now) {
    auto sent = std::find_if(item.record->values.begin(), item.record->values.end(),
                             [&](const core::FieldValue& value) { return value.field == &field; });
    if (sent == item.record->values.end() || sent->value.is_null || field.allowed.empty()) return;
    std::string_view const wanted = sent->value.text;
    bool const back = wanted == field.allowed.front() && !now.empty();
    bool const reopened = now == field.allowed.back();
    if (wanted == now || (!back && !reopened)) return;
    item.kept.push_back(&field);
    item.warnings.push_back(core::make_warning("KEPT", item.record->path + field.name, core::Reason::kept,
                                               {{"kept", now}, {"sent", wanted}}));
}

// A restored row that does not name its parent keeps the one it has: that one must be live then.
void add_old_parent(Item& item, const core::Field& field, const Row& row, int column) {
    if (row.is_null(column)) return;
    item.old_parents.emplace_back(&field, row.uuid(column));
    if (item.plan != Plan::restore || item.target(field) != nullptr) return;
    Target target{&field};
    target.null = false;
    target.kept = true;
    target.found = row.uuid(column);
    item.targets.push_back(target);
}

// True if the row still has the record's key; one that is adopted has none yet.
bool has_key(const Item& item, const Row& row) {
    return item.adopted || (row.text(3) == item.record->source && row.text(4) == item.record->external_id);
}

void read_locked(UpsertCall& upsert, Item& item, const LockedColumns& read, const Table& table, const Row& row) {
    bool const same_hash = item.record->hash == row.text(2);
    bool const soft_deleted = row.boolean(1);
    bool const changed = same_hash != item.same_hash || soft_deleted != item.soft_deleted;
    item.same_hash = same_hash;
    item.soft_deleted = soft_deleted;
    if (changed && !item.adopted) decide(upsert, item);
    int column = 5;
    for (const core::Field* field : read.forward)
        keep_progress(item, *field, row.text(column++));
    for (const core::Field* field : read.parents)
        add_old_parent(item, *field, row, column++);
    if (!table.unique_columns.empty()) item.old_hashes.items() = unique_hashes(table, row, column);
}

std::string lock_statement(const Table& table, const LockedColumns& read, bool key_changes) {
    return core::sql(R"(SELECT u.n, t.deleted_at IS NOT NULL, t.sync_hash, t.external_source, t.external_id{columns}
                          FROM {rows} JOIN {table} AS t ON t.tenant_id == $1 AND t.id == u.id
                         ORDER BY u.n FOR {lock} OF t)",
                     {{"columns", read.columns},
                      {"rows", unnested({"id"})},
                      {"table", table.name},
                      {"lock", key_changes ? "UPDATE" : "NO KEY UPDATE"}});
}

// True if a foreign key could point to a column that records of this entity write; such updates need the stronger lock.
bool writes_key(const core::Entity& entity) {
    return std::any_of(entity.fields.begin(), entity.fields.end(), [&](const core::Field& field) {
        return field.mapped() && entity.columns[static_cast<std::size_t>(field.column)].key;
    });
}

// A row that was found but cannot be locked: it went away or got another key meanwhile, or a policy keeps it from being
// updated.
void on_row_vanished(UpsertCall& upsert, Item& item) {
    if (upsert.retries < max_retries && !IsolationUsesXactSnapshot()) throw RetryCall{upsert.lock};
    item.fail(core::Code::access_denied, "", core::Reason::policy);
}

void lock_entity_rows(UpsertCall& upsert, const core::Entity& entity, const std::vector<Item*>& all) {
    std::vector<Item*> items;
    std::vector<core::Uuid> ids;
    for (Item* item : all) {
        if (!item->writes() || item->plan == Plan::create) continue;
        items.push_back(item);
        ids.push_back(item->id);
    }
    if (items.empty()) return;
    const Table& table = upsert.registry.table(entity);
    LockedColumns const read = locked_columns_of(entity, table);
    bool const deletes = std::any_of(items.begin(), items.end(), [](Item* item) { return item->plan == Plan::remove; });
    std::vector<bool> seen(items.size());
    execute(lock_statement(table, read, deletes || writes_key(entity)),
            {Param::uuid(upsert.tenant), uuid_array(ids), length_param(ids)}, [&](const Row& row) {
                auto const at = static_cast<std::size_t>(row.integer(0) - 1);
                if (!has_key(*items[at], row)) return;
                seen[at] = true;
                read_locked(upsert, *items[at], read, table, row);
            });
    for (std::size_t i = 0; i < items.size(); i++)
        if (!seen[i]) on_row_vanished(upsert, *items[i]);
}

}  // namespace

std::string unnested(const std::vector<std::string>& columns, bool numbered) {
    std::string list;
    for (std::size_t i = 0; i < columns.size(); i++)
        list += (i > 0 ? ", " : "") + ("pg_catalog.unnest($" + std::to_string(i + 2) + ") AS " + columns[i]);
    std::string const length = "$" + std::to_string(columns.size() + 2);
    if (numbered) list += ", pg_catalog.generate_series(1, " + length + ") AS n";
    return "(SELECT " + list + " LIMIT " + length + ") AS u";
}

ItemGroups group_items(std::span<Item* const> all) {
    ItemGroups groups;
    for (Item* item : all)
        if (item->record->has_key) groups[item->entity().order].push_back(item);
    auto const earlier = [](const Item* a, const Item* b) { return a->rank < b->rank; };
    for (auto& [order, items] : groups)
        if (!std::is_sorted(items.begin(), items.end(), earlier)) std::sort(items.begin(), items.end(), earlier);
    return groups;
}

std::vector<Item*> items_of(std::span<RecordTree* const> trees) {
    std::vector<Item*> items;
    for (RecordTree* tree : trees)
        items.insert(items.end(), tree->items.begin(), tree->items.end());
    return items;
}

void decide(UpsertCall& upsert, Item& item) {
    if (item.record->operation == core::Operation::upsert) return decide_upsert(upsert, item);
    item.plan = item.found && !item.soft_deleted ? Plan::remove : Plan::skip;
}

void look_up(UpsertCall& upsert, const ItemGroups& groups) {
    for (const auto& [order, items] : groups) {
        for (Item* item : items)
            item->reset();
        if (!scan_keys(upsert, items)) query_keys(upsert, items);
        for (Item* item : items)
            decide(upsert, *item);
    }
}

void lock_rows(UpsertCall& upsert, const ItemGroups& groups) {
    for (const auto& [order, items] : groups)
        lock_entity_rows(upsert, items.front()->entity(), items);
}

}  // namespace eryxon::pg
