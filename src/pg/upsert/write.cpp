// Writing a chunk: one statement per entity, kind of change and set of columns.
#include "pg/deletes/soft_delete.hpp"
#include "pg/upsert/steps.hpp"
#include "pg/upsert/values.hpp"

#include <algorithm>
#include <tuple>

extern "C" {
#include "catalog/pg_attribute.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
}

namespace eryxon::pg {

namespace {

// Records that one statement writes.
struct RowSet {
    const core::Entity* entity;
    Plan plan;
    bool adopted;
    std::vector<std::uint16_t> fields;
    std::vector<Node*> nodes;
};

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
Param field_param(Bulk& bulk, const RowSet& set, std::uint16_t index) {
    const core::Field& field = set.entity->fields[index];
    const core::Column& column = set.entity->columns[static_cast<std::size_t>(field.column)];
    const Carrier& carrier = bulk.registry.table(*set.entity).carriers[static_cast<std::size_t>(field.column)];
    std::vector<Datum> values(set.nodes.size());
    std::unique_ptr<bool[]> nulls(new bool[set.nodes.size()]);
    for (std::size_t i = 0; i < set.nodes.size(); i++) {
        CellValue const cell = cell_value(bulk, *set.nodes[i], field);
        nulls[i] = cell.null;
        if (!cell.null) values[i] = to_datum(cell.value, column, carrier);
    }
    return array_param(carrier, values, nulls.get());
}

Param text_param(const RowSet& set, std::string_view (*text)(const Node&)) {
    std::vector<std::string_view> texts;
    for (const Node* node : set.nodes)
        texts.push_back(text(*node));
    return text_array(texts);
}

Param id_param(const RowSet& set) {
    std::vector<core::Uuid> ids;
    for (const Node* node : set.nodes)
        ids.push_back(node->id);
    return uuid_array(ids);
}

std::string_view hash_of(const Node& node) {
    return node.record->hash.view();
}
std::string_view source_of(const Node& node) {
    return node.record->source;
}
std::string_view external_id_of(const Node& node) {
    return node.record->external_id;
}

// A statement under construction: $1 is the tenant, the further parameters are arrays unnested as u.
class Statement {
public:
    Statement(Bulk& bulk, const RowSet& set) : bulk_(bulk), set_(set), params_{Param::uuid(bulk.tenant)} {
        add("id", id_param(set));
        add("h", text_param(set, hash_of));
    }

    // Most calls have one source: then it is no column of u.
    void add_key() {
        std::string_view const first = source_of(*set_.nodes.front());
        one_source_ = std::all_of(set_.nodes.begin(), set_.nodes.end(),
                                  [&](const Node* node) { return source_of(*node) == first; });
        if (!one_source_) add("s", text_param(set_, source_of));
        add("e", text_param(set_, external_id_of));
    }

    void add_fields() {
        for (std::uint16_t field : set_.fields)
            add("c" + std::to_string(field), field_param(bulk_, set_, field));
    }

    // The arrays as table u; completes the parameters.
    std::string rows() {
        params_.push_back(length_param(set_.nodes));
        if (one_source_) params_.push_back(Param::text(source_of(*set_.nodes.front())));
        return unnested(names_, false);
    }

    // The source of the row: a column of u, or the parameter behind the arrays and their length.
    std::string source() const { return one_source_ ? "$" + std::to_string(names_.size() + 3) : "u.s"; }

    // The field's value as the statement writes it.
    std::string value(std::uint16_t field) const {
        auto const column = static_cast<std::size_t>(set_.entity->fields[field].column);
        return "u.c" + std::to_string(field) + bulk_.registry.table(*set_.entity).carriers[column].cast;
    }

    std::string column(std::uint16_t field) const { return quoted(set_.entity->fields[field].column_name); }
    std::span<const Param> params() const { return params_; }

private:
    void add(const std::string& name, Param param) {
        params_.push_back(param);
        names_.push_back(name);
    }

    Bulk& bulk_;
    const RowSet& set_;
    std::vector<Param> params_;
    std::vector<std::string> names_;
    bool one_source_ = false;
};

// No id for a row that a trigger gave to another tenant.
std::string returning() {
    return " RETURNING CASE WHEN t.tenant_id" + std::string(equals) + "$1 THEN t.id END, t.synced_at";
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
    std::string const eq(equals);
    std::string assignments = "synced_at = pg_catalog.now(), sync_hash = u.h";
    if (set.entity->has_updated_at) assignments += ", updated_at = pg_catalog.now()";
    if (set.plan == Plan::restore) assignments += ", deleted_at = NULL, deleted_by = NULL";
    if (set.adopted) assignments += ", external_source = " + statement.source() + ", external_id = u.e";
    for (std::uint16_t field : set.fields)
        assignments += ", " + statement.column(field) + " = " + statement.value(field);
    return "UPDATE " + table.name + " AS t SET " + assignments + " FROM " + statement.rows() + " WHERE t.tenant_id" +
           eq + "$1 AND t.id" + eq + "u.id" + returning();
}

// Matches the rows that came back with the records; a record without row was suppressed by a trigger.
class Returned {
public:
    explicit Returned(const RowSet& set) : set_(set), seen_(set.nodes.size()) {}

    void note(const WrittenRow& row) {
        std::size_t const at = next_ < set_.nodes.size() && set_.nodes[next_]->id == row.id ? next_ : find(row.id);
        if (at == set_.nodes.size()) return;
        seen_[at] = true;
        if (row.synced_at) set_.nodes[at]->synced_at = row.synced_at;
        next_ = at + 1;
    }

    void require_all() const {
        bool missing = false;
        for (std::size_t i = 0; i < seen_.size(); i++) {
            if (seen_[i]) continue;
            missing = true;
            set_.nodes[i]->fail(core::Code::database_error, "",
                                "a trigger suppressed the row or changed its id or tenant");
        }
        if (missing) throw UnitsFailed{};
    }

private:
    // Rows out of order are found by a map that is made only then.
    std::size_t find(const core::Uuid& id) {
        if (positions_.empty())
            for (std::size_t i = 0; i < set_.nodes.size(); i++)
                positions_.emplace(set_.nodes[i]->id, i);
        auto const found = positions_.find(id);
        return found == positions_.end() ? set_.nodes.size() : found->second;
    }

    const RowSet& set_;
    std::vector<bool> seen_;
    std::map<core::Uuid, std::size_t> positions_;
    std::size_t next_ = 0;
};

// Executes the statement; if it raises, notes how far it came.
std::vector<WrittenRow> execute_set(Bulk& bulk, const RowSet& set, const std::string& text,
                                    const Statement& statement) {
    std::vector<WrittenRow> rows;
    rows.reserve(set.nodes.size());
    try {
        execute_writing(text, statement.params(), rows);
    } catch (const Error&) {
        if (rows.size() < set.nodes.size()) bulk.stop = Stop{set.nodes, rows.size()};
        throw;
    }
    return rows;
}

void write_rows(Bulk& bulk, const RowSet& set) {
    const Table& table = bulk.registry.table(*set.entity);
    bool const inserts = set.plan == Plan::create;
    require_privileges(table, column_names(set), inserts ? ACL_INSERT : ACL_UPDATE);
    Statement statement(bulk, set);
    if (inserts || set.adopted) statement.add_key();
    statement.add_fields();
    std::string const text = inserts ? insert_text(table, set, statement) : update_text(table, set, statement);
    Returned returned(set);
    for (const WrittenRow& row : execute_set(bulk, set, text, statement))
        returned.note(row);
    returned.require_all();
}

std::vector<core::Uuid> ids_of(const RowSet& set) {
    std::vector<core::Uuid> ids;
    for (const Node* node : set.nodes)
        ids.push_back(node->id);
    return ids;
}

// A row that went with one deleted before it in the same statement is no longer live when its turn comes.
void remove_rows(Bulk& bulk, const RowSet& set) {
    std::vector<bool> went(set.nodes.size());
    std::vector<core::Uuid> const ids = ids_of(set);
    require_deletable(bulk.registry, *set.entity, bulk.tenant, ids);
    for (const DeletedRow& row : soft_delete(bulk.registry, *set.entity, bulk.tenant, ids))
        if (row.entity == set.entity && row.id == ids[row.root]) went[row.root] = true;
    for (std::size_t i = 0; i < went.size(); i++)
        set.nodes[i]->went_before = !went[i];
}

void write_set(Bulk& bulk, const RowSet& set) {
    if (set.plan == Plan::remove) return remove_rows(bulk, set);
    write_rows(bulk, set);
    if (set.plan == Plan::restore) restore_units(bulk.registry, *set.entity, bulk.tenant, ids_of(set), false);
}

// Deletions first: they may free what others want. New rows before changed ones: another session that makes a row which
// this one has merely locked is told so at once, while it would wait for one that this session has changed.
int rank(Plan plan) {
    switch (plan) {
        case Plan::remove:
            return 0;
        case Plan::create:
            return 1;
        case Plan::restore:
            return 2;
        default:
            return 3;
    }
}

bool earlier(const Node* a, const Node* b) {
    return a->position < b->position;
}

RowSet row_set(const Bulk& bulk, Node* node) {
    RowSet set{&node->entity(), node->plan, node->adopted, {}, {node}};
    if (node->plan != Plan::remove) set.fields = written_fields(bulk, *node);
    return set;
}

using SetKey = std::tuple<int, bool, std::vector<std::uint16_t>>;

// The sets of one entity's records, in the order of their statements.
std::vector<RowSet> row_sets(Bulk& bulk, const std::vector<Node*>& nodes) {
    std::map<SetKey, RowSet> sets;
    std::vector<RowSet> list;
    for (Node* node : nodes) {
        if (!node->writes()) continue;
        RowSet single = row_set(bulk, node);
        auto [at, added] = sets.try_emplace({rank(node->plan), node->adopted, single.fields}, single);
        if (!added) at->second.nodes.push_back(node);
    }
    for (auto& [key, set] : sets) {
        if (set.plan == Plan::remove) std::sort(set.nodes.begin(), set.nodes.end(), earlier);
        list.push_back(std::move(set));
    }
    return list;
}

// Several statements that insert into one table wait for other sessions in no fixed order.
void require_one_insert(const Bulk& bulk, const std::vector<RowSet>& sets) {
    auto const inserts = [](const RowSet& set) { return set.plan == Plan::create; };
    if (bulk.lock == TenantLock::shared && std::count_if(sets.begin(), sets.end(), inserts) > 1)
        throw Restart{TenantLock::exclusive};
}

void write_entity(Bulk& bulk, const std::vector<Node*>& nodes) {
    number_rows(bulk, nodes);
    std::vector<RowSet> const sets = row_sets(bulk, nodes);
    require_one_insert(bulk, sets);
    for (const RowSet& set : sets)
        write_set(bulk, set);
    if (bulk.options.children == core::ChildrenStrategy::replace) remove_missing(bulk, nodes, true);
}

// In input order, so that parents come before their children.
void write_one_by_one(Bulk& bulk, const std::vector<Node*>& nodes) {
    for (Node* node : nodes) {
        bulk.writing = node;
        Node* const only[] = {node};
        number_rows(bulk, only);
        if (node->writes()) write_set(bulk, row_set(bulk, node));
        if (bulk.options.children == core::ChildrenStrategy::replace) remove_missing(bulk, only, true);
    }
    bulk.writing = nullptr;
}

int last_round(std::span<Unit* const> units) {
    int last = 0;
    for (const Node* node : nodes_of(units))
        last = std::max(last, node->round);
    return last;
}

std::vector<Node*> nodes_of_round(std::span<Unit* const> units, int round) {
    std::vector<Node*> nodes = nodes_of(units);
    std::erase_if(nodes, [round](const Node* node) { return node->round != round; });
    return nodes;
}

// Looks at the rows again after earlier rounds; records that turn out to be wrong fail their units.
void look_again(Bulk& bulk, Batch& batch, std::span<Node* const> nodes) {
    NodeGroups const groups = group_nodes(nodes);
    look_up(bulk, groups);
    prepare(bulk, batch, groups);
    if (std::any_of(nodes.begin(), nodes.end(), [](const Node* node) { return !node->faults.empty(); }))
        throw UnitsFailed{};
}

// After the last record below them has been written, parents lose the children that their arrays left out.
void finish_round(Bulk& bulk, std::span<Unit* const> units, int round) {
    if (bulk.options.children != core::ChildrenStrategy::replace) return;
    std::vector<Node*> finished = nodes_of(units);
    std::erase_if(finished, [round](const Node* node) { return node->last_round != round; });
    NodeGroups const groups = group_nodes(finished);
    for (auto group = groups.rbegin(); group != groups.rend(); ++group)
        remove_missing(bulk, group->second, false);
}

}  // namespace

void write_units(Bulk& bulk, Batch& batch, std::span<Unit* const> units, bool one_by_one) {
    int const last = last_round(units);
    for (int round = 0; round <= last; round++) {
        std::vector<Node*> const nodes = nodes_of_round(units, round);
        if (round > 0) look_again(bulk, batch, nodes);
        if (one_by_one)
            write_one_by_one(bulk, nodes);
        else
            for (const auto& [order, group] : group_nodes(nodes))
                write_entity(bulk, group);
        finish_round(bulk, units, round);
    }
    check_trees(bulk, units);
}

}  // namespace eryxon::pg
