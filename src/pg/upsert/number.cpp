// Defaults `next`: the greatest live value of the group plus one, counted on in input order.
#include "core/base/sql_text.hpp"
#include "pg/upsert/pipeline.hpp"
#include "pg/upsert/values.hpp"

#include <algorithm>
#include <functional>
#include <optional>

extern "C" {
#include "storage/lock.h"
}

namespace eryxon::pg {

namespace {

// True if no other session can know the group yet.
bool is_new_group(const Item& item, const core::Field* group) {
    const Target* const target = group != nullptr ? item.target(*group) : nullptr;
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
Maxima read_maxima(UpsertCall& upsert, const core::Entity& entity, const core::Field& field, const core::Field* group,
                   const std::vector<core::Uuid>& groups) {
    const Table& table = upsert.registry.table(entity);
    std::string const greatest = "COALESCE(pg_catalog.max(t." + quoted(field.column_name) + ")::bigint, 0)";
    std::string statement = core::sql(
        "SELECT NULL::pg_catalog.uuid, {greatest} FROM {table} AS t WHERE t.tenant_id == $1 AND t.deleted_at IS NULL",
        {{"greatest", greatest}, {"table", table.name}});
    std::vector<Param> params{Param::uuid(upsert.tenant)};
    if (group != nullptr) {
        statement = core::sql(
            R"(SELECT t.{group}, {greatest} FROM {table} AS t
                WHERE t.tenant_id == $1 AND t.deleted_at IS NULL AND t.{group} == ANY ($2) GROUP BY 1)",
            {{"group", quoted(group->column_name)}, {"greatest", greatest}, {"table", table.name}});
        params.push_back(uuid_array(groups));
    }
    Maxima maxima;
    execute_now(statement, params,
                [&](const Row& row) { maxima[row.is_null(0) ? core::Uuid{} : row.uuid(0)] = row.integer(1); });
    return maxima;
}

// Counts on through the records of one entity.
void number_field(UpsertCall& upsert, const core::Entity& entity, const core::Field& field,
                  const std::vector<Item*>& items) {
    const core::Field* group = parent_field(entity);
    std::vector<core::Uuid> groups;
    std::set<std::uint32_t> locks;
    for (Item* item : items) {
        if (item->plan != Plan::create || has_number(cell_value(upsert, *item, field))) continue;
        groups.push_back(group_of(*item, group));
        if (!is_new_group(*item, group)) locks.insert(lock_of(groups.back()));
    }
    if (groups.empty()) return;
    std::sort(groups.begin(), groups.end());
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    lock_groups(upsert.tenant, entity, locks);
    Maxima maxima = read_maxima(upsert, entity, field, group, groups);
    for (Item* item : items) {
        CellValue const cell = cell_value(upsert, *item, field);
        std::int64_t& greatest = maxima[group_of(*item, group)];
        if (has_number(cell))
            greatest = std::max(greatest, cell.value.integer);
        else if (item->plan == Plan::create)
            item->numbered.emplace_back(&field, ++greatest);
    }
}

}  // namespace

// The parent whose records carry this entity's, else any parent.
const core::Field* parent_field(const core::Entity& entity) {
    const core::Field* group = nullptr;
    for (const core::Field& field : entity.fields) {
        if (!field.mapped() || !field.reference || !field.reference->parent) continue;
        if (group == nullptr || !field.reference->children_key.empty()) group = &field;
    }
    return group;
}

core::Uuid group_of(const Item& item, const core::Field* group) {
    if (group == nullptr) return {};
    if (const Target* target = item.target(*group)) return target->id();
    for (const auto& [field, id] : item.old_parents)
        if (field == group) return id;
    return {};
}

void number_rows(UpsertCall& upsert, std::span<Item* const> of_entity) {
    std::vector<Item*> items;
    for (Item* item : of_entity) {
        item->numbered.clear();
        if (item->writes() && item->plan != Plan::remove) items.push_back(item);
    }
    if (items.empty()) return;
    std::sort(items.begin(), items.end(), [](const Item* a, const Item* b) { return a->turn < b->turn; });
    const core::Entity& entity = items.front()->entity();
    for (const core::Field& field : entity.fields)
        if (field.default_next && field.mapped()) number_field(upsert, entity, field, items);
}

}  // namespace eryxon::pg
