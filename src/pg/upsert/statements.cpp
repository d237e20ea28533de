// Writing a chunk: one statement per entity, kind of change and set of columns.
#include "core/base/sql_text.hpp"
#include "pg/deletes/soft_delete.hpp"
#include "pg/upsert/row_set.hpp"
#include "pg/upsert/values.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

extern "C" {
#include "catalog/pg_attribute.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
}

namespace eryxon::pg {

namespace {

void require_column_privilege(const Table& table, const std::string& column, AclMode mode) {
    call([&] {
        AttrNumber const number = get_attnum(table.oid, column.c_str());
        AclResult const result = pg_attribute_aclcheck(table.oid, number, GetUserId(), mode);
        if (result != ACLCHECK_OK) aclcheck_error(result, OBJECT_TABLE, get_rel_name(table.oid));
    });
}

// A missing privilege is the call's error, not the records': it is asked for before anything is written.
void require_privileges(const Table& table, const std::vector<std::string>& columns, AclMode mode) {
    bool const whole = call([&] { return pg_class_aclcheck(table.oid, GetUserId(), mode) == ACLCHECK_OK; });
    if (whole) return;
    try {
        for (const std::string& column : columns)
            require_column_privilege(table, column, mode);
    } catch (const Error& error) {
        throw core::CallError(core::Code::access_denied, error.what());
    }
}

std::vector<std::string> column_names(const RowSet& set) {
    std::vector<std::string> names{"synced_at", "sync_hash"};
    if (set.plan == Plan::create) names.insert(names.end(), {"id", "tenant_id", "external_source", "external_id"});
    for (std::uint16_t field : set.fields)
        names.push_back(set.entity->fields[field].column_name);
    return names;
}

// The values of one field for all rows of the set.
Param field_param(UpsertCall& upsert, const RowSet& set, std::uint16_t index) {
    const core::Field& field = set.entity->fields[index];
    const core::Column& column = set.entity->columns[static_cast<std::size_t>(field.column)];
    const ParamType& param_type =
        upsert.registry.table(*set.entity).param_types[static_cast<std::size_t>(field.column)];
    std::vector<Datum> values(set.items.size());
    std::unique_ptr<bool[]> nulls(new bool[set.items.size()]);
    for (std::size_t i = 0; i < set.items.size(); i++) {
        CellValue const cell = cell_value(upsert, *set.items[i], field);
        nulls[i] = cell.null;
        if (!cell.null) values[i] = to_datum(cell.value, column, param_type);
    }
    return array_param(param_type, values, nulls.get());
}

Param text_param(const RowSet& set, std::string_view (*text)(const Item&)) {
    std::vector<std::string_view> texts;
    for (const Item* item : set.items)
        texts.push_back(text(*item));
    return text_array(texts);
}

Param id_param(const RowSet& set) {
    std::vector<core::Uuid> ids;
    for (const Item* item : set.items)
        ids.push_back(item->id);
    return uuid_array(ids);
}

std::string_view hash_of(const Item& item) {
    return item.record->hash.view();
}
std::string_view source_of(const Item& item) {
    return item.record->source;
}
std::string_view external_id_of(const Item& item) {
    return item.record->external_id;
}

// A statement under construction: $1 is the tenant, the further parameters are arrays unnested as u.
class Statement {
public:
    Statement(UpsertCall& upsert, const RowSet& set) : upsert_(upsert), set_(set), params_{Param::uuid(upsert.tenant)} {
        add("id", id_param(set));
        add("h", text_param(set, hash_of));
    }

    // Most calls have one source: then it is no column of u.
    void add_key() {
        std::string_view const first = source_of(*set_.items.front());
        one_source_ = std::all_of(set_.items.begin(), set_.items.end(),
                                  [&](const Item* item) { return source_of(*item) == first; });
        if (!one_source_) add("s", text_param(set_, source_of));
        add("e", text_param(set_, external_id_of));
    }

    void add_fields() {
        for (std::uint16_t field : set_.fields)
            add("c" + std::to_string(field), field_param(upsert_, set_, field));
    }

    // The arrays as table u; completes the parameters.
    std::string rows() {
        params_.push_back(length_param(set_.items));
        if (one_source_) params_.push_back(Param::text(source_of(*set_.items.front())));
        return unnested(names_, false);
    }

    // The source of the row: a column of u, or the parameter behind the arrays and their length.
    std::string source() const { return one_source_ ? "$" + std::to_string(names_.size() + 3) : "u.s"; }

    // The field's value as the statement writes it.
    std::string value(std::uint16_t field) const {
        auto const column = static_cast<std::size_t>(set_.entity->fields[field].column);
        return "u.c" + std::to_string(field) + upsert_.registry.table(*set_.entity).param_types[column].cast;
    }

    std::string column(std::uint16_t field) const { return quoted(set_.entity->fields[field].column_name); }
    std::span<const Param> params() const { return params_; }

private:
    void add(const std::string& name, Param param) {
        params_.push_back(param);
        names_.push_back(name);
    }

    UpsertCall& upsert_;
    const RowSet& set_;
    std::vector<Param> params_;
    std::vector<std::string> names_;
    bool one_source_ = false;
};

// No id for a row that a trigger gave to another tenant.
std::string returning() {
    return core::sql(" RETURNING CASE WHEN t.tenant_id == $1 THEN t.id END, t.synced_at");
}

std::string insert_text(const Table& table, const RowSet& set, Statement& statement) {
    std::string columns, values;
    if (set.entity->has_updated_at && !set.entity->updated_at_has_default) {
        columns += ", updated_at";
        values += ", pg_catalog.now()";
    }
    for (std::uint16_t field : set.fields) {
        columns += ", " + statement.column(field);
        values += ", " + statement.value(field);
    }
    return "INSERT INTO " + table.name + " AS t (id, tenant_id, external_source, external_id, synced_at, sync_hash" +
           columns + ") SELECT u.id, $1, " + statement.source() + ", u.e, pg_catalog.now(), u.h" + values + " FROM " +
           statement.rows() + returning();
}

std::string update_text(const Table& table, const RowSet& set, Statement& statement) {
    std::string assignments = "synced_at = pg_catalog.now(), sync_hash = u.h";
    if (set.entity->has_updated_at) assignments += ", updated_at = pg_catalog.now()";
    if (set.plan == Plan::restore) assignments += ", deleted_at = NULL, deleted_by = NULL";
    if (set.adopted) assignments += ", external_source = " + statement.source() + ", external_id = u.e";
    for (std::uint16_t field : set.fields)
        assignments += ", " + statement.column(field) + " = " + statement.value(field);
    return core::sql(
        "UPDATE {table} AS t SET {assignments} FROM {rows} WHERE t.tenant_id == $1 AND t.id == u.id{returning}",
        {{"table", table.name}, {"assignments", assignments}, {"rows", statement.rows()}, {"returning", returning()}});
}

// Matches the rows that came back with the records; a record without row was suppressed by a trigger.
class ReturnedRows {
public:
    explicit ReturnedRows(const RowSet& set) : set_(set), seen_(set.items.size()) {}

    void note(const WrittenRow& row) {
        std::size_t const at = next_ < set_.items.size() && set_.items[next_]->id == row.id ? next_ : find(row.id);
        if (at == set_.items.size()) return;
        seen_[at] = true;
        if (row.synced_at) set_.items[at]->synced_at = row.synced_at;
        next_ = at + 1;
    }

    void require_all() const {
        bool missing = false;
        for (std::size_t i = 0; i < seen_.size(); i++) {
            if (seen_[i]) continue;
            missing = true;
            set_.items[i]->fail(core::Code::database_error, "", core::Reason::suppressed);
        }
        if (missing) throw TreesFailed{};
    }

private:
    // Rows out of order are found by a map that is made only then.
    std::size_t find(const core::Uuid& id) {
        if (positions_.empty())
            for (std::size_t i = 0; i < set_.items.size(); i++)
                positions_.emplace(set_.items[i]->id, i);
        auto const found = positions_.find(id);
        return found == positions_.end() ? set_.items.size() : found->second;
    }

    const RowSet& set_;
    std::vector<bool> seen_;
    std::map<core::Uuid, std::size_t> positions_;
    std::size_t next_ = 0;
};

// Executes the statement; if it raises, notes how far it came.
std::vector<WrittenRow> execute_set(UpsertCall& upsert, const RowSet& set, const std::string& text,
                                    const Statement& statement) {
    std::vector<WrittenRow> rows;
    rows.reserve(set.items.size());
    try {
        execute_writing(text, statement.params(), rows);
    } catch (const Error&) {
        if (rows.size() < set.items.size()) upsert.failed_statement = FailedStatement{set.items, rows.size()};
        throw;
    }
    return rows;
}

void write_rows(UpsertCall& upsert, const RowSet& set) {
    const Table& table = upsert.registry.table(*set.entity);
    bool const inserts = set.plan == Plan::create;
    require_privileges(table, column_names(set), inserts ? ACL_INSERT : ACL_UPDATE);
    Statement statement(upsert, set);
    if (inserts || set.adopted) statement.add_key();
    statement.add_fields();
    std::string const text = inserts ? insert_text(table, set, statement) : update_text(table, set, statement);
    ReturnedRows returned(set);
    for (const WrittenRow& row : execute_set(upsert, set, text, statement))
        returned.note(row);
    returned.require_all();
}

std::vector<core::Uuid> ids_of(const RowSet& set) {
    std::vector<core::Uuid> ids;
    for (const Item* item : set.items)
        ids.push_back(item->id);
    return ids;
}

// A row that went with one deleted before it in the same statement is no longer live when its turn comes.
void remove_rows(UpsertCall& upsert, const RowSet& set) {
    std::vector<bool> went(set.items.size());
    std::vector<core::Uuid> const ids = ids_of(set);
    require_deletable(upsert.registry, *set.entity, upsert.tenant, ids);
    for (const DeletedRow& row : soft_delete(upsert.registry, *set.entity, upsert.tenant, ids))
        if (row.entity == set.entity && row.id == ids[row.root]) went[row.root] = true;
    for (std::size_t i = 0; i < went.size(); i++)
        set.items[i]->deleted_by_cascade = !went[i];
}

bool stands_in_one(const Item& item, const std::set<const Item*>& others) {
    const Item* above = item.parent;
    while (above != nullptr && !others.contains(above))
        above = above->parent;
    return above != nullptr;
}

// What does not have to come back with these rows: rows that records which stand in theirs restore, and where arrays
// tell all children, rows that cannot come back.
Spared spared_rows(const UpsertCall& upsert, const RowSet& set) {
    Spared spared;
    std::set<const Item*> const restored(set.items.begin(), set.items.end());
    std::set<const RecordTree*> trees;
    for (const Item* item : set.items) {
        if (trees.insert(item->tree).second)
            for (const Item* other : item->tree->items)
                if (other->plan == Plan::restore && stands_in_one(*other, restored))
                    spared.rows.emplace(&other->entity(), other->id);
        if (upsert.options.children == core::ChildrenStrategy::replace && !item->record->children.empty())
            spared.lenient_roots.insert(item->id);
    }
    return spared;
}

void write_set(UpsertCall& upsert, const RowSet& set) {
    if (set.plan == Plan::remove) return remove_rows(upsert, set);
    write_rows(upsert, set);
    if (set.plan == Plan::restore)
        for (const DeletedRow& row : restore_cascades(upsert.registry, *set.entity, upsert.tenant, ids_of(set), false,
                                                      spared_rows(upsert, set)))
            if (upsert.writing != nullptr) upsert.revived.emplace(row.entity, row.id);
}

// Several statements that insert into one table wait for other sessions in no fixed order.
void require_one_insert(const UpsertCall& upsert, const std::vector<RowSet>& sets) {
    auto const inserts = [](const RowSet& set) { return set.plan == Plan::create; };
    if (upsert.lock == TenantLock::shared && std::count_if(sets.begin(), sets.end(), inserts) > 1)
        throw RetryCall{TenantLock::exclusive};
}

void write_entity(UpsertCall& upsert, const std::vector<Item*>& items) {
    number_rows(upsert, items);
    std::vector<RowSet> const sets = row_sets(upsert, items);
    require_one_insert(upsert, sets);
    for (const RowSet& set : sets)
        write_set(upsert, set);
    if (upsert.options.children == core::ChildrenStrategy::replace) remove_missing(upsert, items, true);
}

}  // namespace

void write_item(UpsertCall& upsert, Item& item) {
    Item* const only[] = {&item};
    number_rows(upsert, only);
    if (item.writes()) write_set(upsert, row_set(upsert, &item));
}

// Parents before their children; children that arrays leave out go last, or as soon as their parents are written.
void write_trees(UpsertCall& upsert, std::span<RecordTree* const> trees) {
    ItemGroups const groups = group_items(items_of(trees));
    for (const auto& [order, items] : groups)
        write_entity(upsert, items);
    if (upsert.options.children == core::ChildrenStrategy::replace)
        for (auto group = groups.rbegin(); group != groups.rend(); ++group)
            remove_missing(upsert, group->second, false);
    check_hierarchy(upsert, trees);
}

}  // namespace eryxon::pg
