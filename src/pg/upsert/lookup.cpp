// Finding the rows that records stand for: first without locks, then those that will change with them.
#include "pg/server/scratch.hpp"
#include "pg/upsert/key_walk.hpp"
#include "pg/upsert/steps.hpp"

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
constexpr int max_restarts = 3;

std::string look_up_statement(const Table& table) {
    std::string const eq(equals);
    return "SELECT u.n, t.id, t.sync_hash, t.deleted_at IS NOT NULL, t.synced_at FROM " + unnested({"s", "e"}) +
           " JOIN " + table.name + " AS t ON t.tenant_id" + eq + "$1 AND t.external_source" + eq +
           "u.s AND t.external_id" + eq + "u.e";
}

void look_up_slice(Bulk& bulk, const Table& table, std::span<Node* const> nodes) {
    std::vector<std::string_view> sources, ids;
    for (const Node* node : nodes) {
        sources.push_back(node->record->source);
        ids.push_back(node->record->external_id);
    }
    execute(look_up_statement(table),
            {Param::uuid(bulk.tenant), text_array(sources), text_array(ids), length_param(nodes)}, [&](const Row& row) {
                Node& node = *nodes[static_cast<std::size_t>(row.integer(0) - 1)];
                node.note_row(row.uuid(1), row.text(2), row.boolean(3));
                if (!row.is_null(4)) node.synced_at = row.timestamp(4);
            });
}

// Finds the rows by queries, which keep to the user's rights and policies.
void query_keys(Bulk& bulk, std::span<Node* const> nodes) {
    const Table& table = bulk.registry.table(nodes.front()->entity());
    for (std::size_t from = 0; from < nodes.size(); from += keys_per_statement)
        with_scratch([&] {
            look_up_slice(bulk, table, nodes.subspan(from, std::min(keys_per_statement, nodes.size() - from)));
        });
}

void decide_upsert(Bulk& bulk, Node& node) {
    if (!node.found) {
        node.plan = Plan::create;
        node.id = new_id(bulk);
    } else if (node.soft_deleted && bulk.options.deleted == core::Deleted::refuse) {
        node.plan = Plan::skip;
        node.fail(core::Code::deleted, "", "the row with this external key is deleted",
                  "Option deleted = restore brings it back.");
    } else if (node.soft_deleted) {
        node.plan = Plan::restore;
    } else if (bulk.options.mode == core::Mode::create) {
        node.plan = Plan::skip;
        node.fail(core::Code::exists, "", "a row with this external key exists");
    } else {
        node.plan = node.same_hash && bulk.options.skip_unchanged && !node.came_back ? Plan::skip : Plan::update;
    }
}

// The columns that lock_rows() reads beside the row's state.
struct Extras {
    std::vector<const core::Field*> forward;
    std::vector<const core::Field*> parents;
    std::span<const int> unique;
    std::string columns;
};

std::string column_name(const core::Entity& entity, int number) {
    for (const core::Column& column : entity.columns)
        if (column.number == number) return quoted(column.name);
    throw std::logic_error("unknown column");
}

Extras extras_of(const core::Entity& entity, const Table& table) {
    Extras extras;
    for (const core::Field& field : entity.fields) {
        if (!field.mapped()) continue;
        std::string const column = ", t." + quoted(field.column_name);
        if (field.write == core::Write::forward) {
            extras.forward.push_back(&field);
            extras.columns += column + "::pg_catalog.text";
        }
    }
    for (const core::Field& field : entity.fields) {
        if (!field.mapped() || !field.reference || !field.reference->parent) continue;
        extras.parents.push_back(&field);
        extras.columns += ", t." + quoted(field.column_name);
    }
    extras.unique = table.unique_columns;
    for (int number : extras.unique)
        extras.columns += ", t." + column_name(entity, number);
    return extras;
}

// Leaves a forward field out if the shop floor is further than the ERP.
void keep_progress(Node& node, const core::Field& field, std::string_view now) {
    auto sent = std::find_if(node.record->values.begin(), node.record->values.end(),
                             [&](const core::FieldValue& value) { return value.field == &field; });
    if (sent == node.record->values.end() || sent->value.is_null || field.allowed.empty()) return;
    std::string_view const wanted = sent->value.text;
    bool const back = wanted == field.allowed.front() && !now.empty();
    bool const reopened = now == field.allowed.back();
    if (wanted == now || (!back && !reopened)) return;
    node.kept.push_back(&field);
    node.warnings.push_back({"KEPT", node.record->path + field.name,
                             "\"" + std::string(now) + "\" is kept, \"" + std::string(wanted) + "\" is not taken"});
}

// A restored row that does not name its parent keeps the one it has: that one must be live then.
void add_old_parent(Node& node, const core::Field& field, const Row& row, int column) {
    if (row.is_null(column)) return;
    node.old_parents.emplace_back(&field, row.uuid(column));
    if (node.plan != Plan::restore || node.target(field) != nullptr) return;
    Target target{&field};
    target.null = false;
    target.kept = true;
    target.found = row.uuid(column);
    node.targets.push_back(target);
}

void read_locked(Bulk& bulk, Node& node, const Extras& extras, const Table& table, const Row& row) {
    bool const same_hash = node.record->hash == row.text(2);
    bool const soft_deleted = row.boolean(1);
    bool const changed = same_hash != node.same_hash || soft_deleted != node.soft_deleted;
    node.same_hash = same_hash;
    node.soft_deleted = soft_deleted;
    if (changed && !node.adopted) decide(bulk, node);
    int column = 3;
    for (const core::Field* field : extras.forward)
        keep_progress(node, *field, row.text(column++));
    for (const core::Field* field : extras.parents)
        add_old_parent(node, *field, row, column++);
    for (int number : extras.unique) {
        Oid const type = table.types.at(number);
        node.old_hashes.push_back(
            column_hash(type, table.collations.at(number), row.datum(column, type), row.is_null(column)));
        column++;
    }
}

std::string lock_statement(const Table& table, const Extras& extras, bool key_changes) {
    std::string const eq(equals);
    return "SELECT u.n, t.deleted_at IS NOT NULL, t.sync_hash" + extras.columns + " FROM " + unnested({"id"}) +
           " JOIN " + table.name + " AS t ON t.tenant_id" + eq + "$1 AND t.id" + eq + "u.id ORDER BY u.n FOR " +
           (key_changes ? "UPDATE" : "NO KEY UPDATE") + " OF t";
}

// True if a foreign key could point to a column that records of this entity write; such updates need the stronger lock.
bool writes_key(const core::Entity& entity) {
    return std::any_of(entity.fields.begin(), entity.fields.end(), [&](const core::Field& field) {
        return field.mapped() && entity.columns[static_cast<std::size_t>(field.column)].key;
    });
}

// A row that was found but cannot be locked: it went away meanwhile, or a policy keeps it from being updated.
void miss(Bulk& bulk, Node& node) {
    if (bulk.restarts < max_restarts && !IsolationUsesXactSnapshot()) throw Restart{bulk.lock};
    node.fail(core::Code::access_denied, "", "a row-level security policy does not let this row be updated");
}

void lock_entity_rows(Bulk& bulk, const core::Entity& entity, const std::vector<Node*>& all) {
    std::vector<Node*> nodes;
    std::vector<core::Uuid> ids;
    for (Node* node : all) {
        if (!node->writes() || node->plan == Plan::create) continue;
        nodes.push_back(node);
        ids.push_back(node->id);
    }
    if (nodes.empty()) return;
    const Table& table = bulk.registry.table(entity);
    Extras const extras = extras_of(entity, table);
    bool const deletes = std::any_of(nodes.begin(), nodes.end(), [](Node* node) { return node->plan == Plan::remove; });
    std::vector<bool> seen(nodes.size());
    execute(lock_statement(table, extras, deletes || writes_key(entity)),
            {Param::uuid(bulk.tenant), uuid_array(ids), length_param(ids)}, [&](const Row& row) {
                auto const at = static_cast<std::size_t>(row.integer(0) - 1);
                seen[at] = true;
                read_locked(bulk, *nodes[at], extras, table, row);
            });
    for (std::size_t i = 0; i < nodes.size(); i++)
        if (!seen[i]) miss(bulk, *nodes[i]);
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

NodeGroups group_nodes(std::span<Node* const> all) {
    NodeGroups groups;
    for (Node* node : all)
        if (node->record->has_key) groups[node->entity().order].push_back(node);
    auto const earlier = [](const Node* a, const Node* b) { return a->rank < b->rank; };
    for (auto& [order, nodes] : groups)
        if (!std::is_sorted(nodes.begin(), nodes.end(), earlier)) std::sort(nodes.begin(), nodes.end(), earlier);
    return groups;
}

std::vector<Node*> nodes_of(std::span<Unit* const> units) {
    std::vector<Node*> nodes;
    for (Unit* unit : units)
        nodes.insert(nodes.end(), unit->nodes.begin(), unit->nodes.end());
    return nodes;
}

void decide(Bulk& bulk, Node& node) {
    if (node.record->operation == core::Operation::upsert) return decide_upsert(bulk, node);
    node.plan = node.found && !node.soft_deleted ? Plan::remove : Plan::skip;
}

void look_up(Bulk& bulk, const NodeGroups& groups) {
    for (const auto& [order, nodes] : groups) {
        for (Node* node : nodes)
            node->reset();
        if (!walk_keys(bulk, nodes)) query_keys(bulk, nodes);
        for (Node* node : nodes)
            decide(bulk, *node);
    }
}

void lock_rows(Bulk& bulk, const NodeGroups& groups) {
    for (const auto& [order, nodes] : groups)
        lock_entity_rows(bulk, nodes.front()->entity(), nodes);
}

}  // namespace eryxon::pg
