// Defaults `next`: the greatest live value of the group plus one, counted on in input order.
#include "pg/upsert/steps.hpp"
#include "pg/upsert/values.hpp"

#include <algorithm>
#include <functional>
#include <optional>

extern "C" {
#include "storage/lock.h"
}

namespace eryxon::pg {

namespace {

// The reference whose target is the group: the parent whose records carry this entity's, else any parent; none: the
// tenant.
const core::Field* group_field(const core::Entity& entity) {
    const core::Field* group = nullptr;
    for (const core::Field& field : entity.fields) {
        if (!field.mapped() || !field.reference || !field.reference->parent) continue;
        if (group == nullptr || !field.reference->children_key.empty()) group = &field;
    }
    return group;
}

// The group that the record's row is in after it was written.
core::Uuid group_of(const Node& node, const core::Field* group) {
    if (group == nullptr) return {};
    if (const Target* target = node.target(*group)) return target->id();
    for (const auto& [field, id] : node.old_parents)
        if (field == group) return id;
    return {};
}

// True if no other session can know the group yet.
bool is_new_group(const Node& node, const core::Field* group) {
    const Target* const target = group != nullptr ? node.target(*group) : nullptr;
    return target != nullptr && target->in_call != nullptr && target->in_call->plan == Plan::create;
}

// Groups share so many locks for each tenant and table: a call of many groups must not fill the table of locks.
constexpr std::uint32_t number_locks = 64;
// Sets these locks apart from those that users take, and from the tenant's.
constexpr std::uint16_t lock_class = 4;

std::uint32_t lock_of(const core::Uuid& group) {
    std::string_view const bytes(reinterpret_cast<const char*>(group.data()), group.size());
    return static_cast<std::uint32_t>(std::hash<std::string_view>{}(bytes) % number_locks);
}

// Keeps other sessions from drawing numbers in these groups until the transaction ends, in the order of the locks.
void lock_groups(const core::Uuid& tenant, const core::Entity& entity, const std::set<std::uint32_t>& locks) {
    std::uint32_t parts[4];
    memcpy(parts, tenant.data(), sizeof parts);
    std::uint32_t const owner = parts[0] ^ parts[1] ^ parts[2] ^ parts[3] ^ entity.table;
    for (std::uint32_t const lock : locks) {
        LOCKTAG tag;
        SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, owner, lock, lock_class);
        call([&] { LockAcquire(&tag, ExclusiveLock, false, false); });
    }
}

bool has_number(const CellValue& cell) {
    return cell.present && !cell.null;
}

using Maxima = std::map<core::Uuid, std::int64_t>;

// The greatest live number of each group, those that others have drawn while this session waited included.
Maxima read_maxima(Bulk& bulk, const core::Entity& entity, const core::Field& field, const core::Field* group,
                   const std::vector<core::Uuid>& groups) {
    const Table& table = bulk.registry.table(entity);
    std::string const eq(equals);
    std::string const greatest = "COALESCE(pg_catalog.max(t." + quoted(field.column_name) + ")::bigint, 0)";
    std::string sql = "SELECT NULL::pg_catalog.uuid, " + greatest + " FROM " + table.name + " AS t WHERE t.tenant_id" +
                      eq + "$1 AND t.deleted_at IS NULL";
    std::vector<Param> params{Param::uuid(bulk.tenant)};
    if (group != nullptr) {
        std::string const column = "t." + quoted(group->column_name);
        sql = "SELECT " + column + ", " + greatest + " FROM " + table.name + " AS t WHERE t.tenant_id" + eq +
              "$1 AND t.deleted_at IS NULL AND " + column + " OPERATOR(pg_catalog.=) ANY ($2) GROUP BY 1";
        params.push_back(uuid_array(groups));
    }
    Maxima maxima;
    execute_now(sql, params,
                [&](const Row& row) { maxima[row.is_null(0) ? core::Uuid{} : row.uuid(0)] = row.integer(1); });
    return maxima;
}

// Counts on through the records of one entity.
void number_field(Bulk& bulk, const core::Entity& entity, const core::Field& field, const std::vector<Node*>& nodes) {
    const core::Field* group = group_field(entity);
    std::vector<core::Uuid> groups;
    std::set<std::uint32_t> locks;
    for (Node* node : nodes) {
        if (node->plan != Plan::create || has_number(cell_value(bulk, *node, field))) continue;
        groups.push_back(group_of(*node, group));
        if (!is_new_group(*node, group)) locks.insert(lock_of(groups.back()));
    }
    if (groups.empty()) return;
    std::sort(groups.begin(), groups.end());
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    lock_groups(bulk.tenant, entity, locks);
    Maxima maxima = read_maxima(bulk, entity, field, group, groups);
    for (Node* node : nodes) {
        CellValue const cell = cell_value(bulk, *node, field);
        std::int64_t& greatest = maxima[group_of(*node, group)];
        if (has_number(cell))
            greatest = std::max(greatest, cell.value.integer);
        else if (node->plan == Plan::create)
            node->numbered.emplace_back(&field, ++greatest);
    }
}

}  // namespace

void number_rows(Bulk& bulk, std::span<Node* const> of_entity) {
    std::vector<Node*> nodes;
    for (Node* node : of_entity) {
        node->numbered.clear();
        if (node->writes() && node->plan != Plan::remove) nodes.push_back(node);
    }
    if (nodes.empty()) return;
    std::sort(nodes.begin(), nodes.end(), [](const Node* a, const Node* b) { return a->position < b->position; });
    const core::Entity& entity = nodes.front()->entity();
    for (const core::Field& field : entity.fields)
        if (field.default_next && field.mapped()) number_field(bulk, entity, field, nodes);
}

}  // namespace eryxon::pg
