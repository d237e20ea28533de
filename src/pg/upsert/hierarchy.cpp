// Entities that refer to themselves (parts with sub-parts): no cycles, and parent and child in the same group (job).
#include "core/base/sql_text.hpp"
#include "pg/upsert/pipeline.hpp"

#include <algorithm>
#include <set>

namespace eryxon::pg {

namespace {

// True if the record puts its row under a parent of its own kind, or moves it elsewhere.
bool rearranges(const Item& item, const core::Field& up) {
    if (!item.writes() || item.plan == Plan::remove) return false;
    if (const Target* target = item.target(up); target != nullptr && !target->null) return true;
    return std::any_of(item.old_parents.begin(), item.old_parents.end(), [&](const auto& old) {
        const Target* target = item.target(*old.first);
        return target != nullptr && target->id() != old.second;
    });
}

std::map<core::Uuid, Item*> rearranged_rows(std::span<RecordTree* const> trees, const core::Entity& entity,
                                            const core::Field& up) {
    std::map<core::Uuid, Item*> rows;
    for (RecordTree* tree : trees)
        for (Item* item : tree->items)
            if (&item->entity() == &entity && rearranges(*item, up)) rows.insert_or_assign(item->id, item);
    return rows;
}

std::vector<core::Uuid> ids_of(const std::map<core::Uuid, Item*>& rows) {
    std::vector<core::Uuid> ids;
    for (const auto& [id, item] : rows)
        ids.push_back(id);
    return ids;
}

std::string path_of(const core::Field& field) {
    return field.name + "_external_id";
}

// The rows that a cycle may begin at: a new row is on one only with records that all refer to each other, or below a
// row that was there before.
std::set<core::Uuid> cycle_starts(const std::map<core::Uuid, Item*>& rows, const core::Field& up) {
    std::set<core::Uuid> ids;
    std::map<const Item*, const Item*> begun_from;  // new rows passed so far, and where the walk had begun
    for (const auto& [id, start] : rows) {
        if (start->found) ids.insert(id);
        for (const Item* item = start;
             item != nullptr && !item->found && item->tree->state == RecordTree::State::open;) {
            auto const [at, fresh] = begun_from.emplace(item, start);
            if (!fresh && at->second == start) ids.insert(item->id);
            const Target* target = fresh ? item->target(up) : nullptr;
            item = target != nullptr ? target->in_call : nullptr;
        }
    }
    return ids;
}

// The parents of rows and of what is above them.
std::map<core::Uuid, core::Uuid> read_parents(UpsertCall& upsert, const core::Entity& entity, const core::Field& up,
                                              const std::vector<core::Uuid>& rows) {
    std::string const statement = core::sql(
        R"(WITH RECURSIVE up(id, parent) AS (
               SELECT t.id, t.{parent} FROM {table} AS t
                WHERE t.tenant_id == $1 AND t.id == ANY ($2) AND t.{parent} IS NOT NULL
                UNION
               SELECT t.id, t.{parent} FROM up JOIN {table} AS t ON t.tenant_id == $1 AND t.id == up.parent
                WHERE t.{parent} IS NOT NULL)
           SELECT up.id, up.parent FROM up)",
        {{"table", upsert.registry.table(entity).name}, {"parent", quoted(up.column_name)}});
    std::map<core::Uuid, core::Uuid> parents;
    execute(statement, {Param::uuid(upsert.tenant), uuid_array(rows)},
            [&](const Row& row) { parents[row.uuid(0)] = row.uuid(1); });
    return parents;
}

// The rows that are their own ancestors. Each row is passed once.
std::vector<core::Uuid> rows_on_cycles(const std::map<core::Uuid, core::Uuid>& parents) {
    std::vector<core::Uuid> found;
    std::map<core::Uuid, core::Uuid> begun_from;  // rows passed so far, and where the walk had begun
    for (const auto& [start, parent] : parents) {
        auto at = parents.find(start);
        while (at != parents.end() && begun_from.emplace(at->first, start).second)
            at = parents.find(at->second);
        if (at == parents.end() || begun_from.at(at->first) != start) continue;
        core::Uuid const first = at->first;
        do {
            found.push_back(at->first);
            at = parents.find(at->second);
        } while (at->first != first);
    }
    return found;
}

// Refuses records of rows that would be their own ancestors.
bool find_cycles(UpsertCall& upsert, const core::Entity& entity, const core::Field& up,
                 const std::map<core::Uuid, Item*>& rows) {
    std::set<core::Uuid> const starts = cycle_starts(rows, up);
    if (starts.empty()) return false;
    bool found = false;
    for (const core::Uuid& id : rows_on_cycles(read_parents(upsert, entity, up, {starts.begin(), starts.end()}))) {
        if (!starts.contains(id)) continue;
        rows.at(id)->fail(core::Code::circular_reference, path_of(up), core::Reason::own_ancestor,
                          {{"entity", entity.singular}});
        found = true;
    }
    return found;
}

Item* item_of(const std::map<core::Uuid, Item*>& rows, const core::Uuid& id) {
    auto const row = rows.find(id);
    return row == rows.end() ? nullptr : row->second;
}

// True if the record's tree acts after that of the other one, which found all well.
bool acts_later(const Item& item, const Item* other) {
    return other != nullptr && item.tree != other->tree && item.turn > other->turn;
}

// A child and a parent that no longer agree in the other parent reference: the records of this attempt, if any.
struct Strays {
    Item* child;
    Item* parent;

    // Of two trees the one that acts later is to blame.
    bool blames_child() const { return child != nullptr && (parent == nullptr || !acts_later(*parent, child)); }
    bool blames_parent() const { return parent != nullptr && (child == nullptr || !acts_later(*child, parent)); }
    std::uint32_t turn() const {
        return std::max(blames_child() ? child->turn : 0, blames_parent() ? parent->turn : 0);
    }
    // True if one that acts earlier is refused: the other one has to look again.
    bool is_settled() const {
        if (child == nullptr || parent == nullptr || child->tree == parent->tree) return false;
        return (blames_child() ? parent : child)->tree->faulty();
    }
};

std::vector<Strays> read_strays(UpsertCall& upsert, const core::Entity& entity, const core::Field& up,
                                const core::Field& group, const std::map<core::Uuid, Item*>& rows) {
    std::string const statement = core::sql(
        R"(SELECT c.id, p.id
             FROM {table} AS c JOIN {table} AS p ON p.tenant_id == c.tenant_id AND p.id == c.{parent}
            WHERE c.tenant_id == $1 AND c.deleted_at IS NULL AND p.deleted_at IS NULL
              AND (c.{group} <> p.{group} OR (c.{group} IS NULL) <> (p.{group} IS NULL))
              AND (c.id == ANY ($2) OR p.id == ANY ($2)))",
        {{"table", upsert.registry.table(entity).name},
         {"parent", quoted(up.column_name)},
         {"group", quoted(group.column_name)}});
    std::vector<Strays> strays;
    execute(statement, {Param::uuid(upsert.tenant), uuid_array(ids_of(rows))}, [&](const Row& row) {
        strays.push_back({item_of(rows, row.uuid(0)), item_of(rows, row.uuid(1))});
    });
    std::sort(strays.begin(), strays.end(), [](const Strays& a, const Strays& b) { return a.turn() < b.turn(); });
    return strays;
}

// Refuses records that leave parent and child in different groups.
bool find_strays(UpsertCall& upsert, const core::Entity& entity, const core::Field& up, const core::Field& group,
                 const std::map<core::Uuid, Item*>& rows) {
    auto const fail = [&](Item& item, const core::Field& field, core::Reason reason) {
        if (!item.faults.empty()) return;
        item.fail(core::Code::fk_constraint, path_of(field), reason,
                  {{"entity", entity.singular}, {"group", group.name}});
    };
    std::vector<Strays> const strays = read_strays(upsert, entity, up, group, rows);
    for (const Strays& pair : strays) {
        if (pair.is_settled()) continue;
        if (pair.blames_parent()) fail(*pair.parent, group, core::Reason::leaves_children);
        if (pair.blames_child()) fail(*pair.child, up, core::Reason::parent_elsewhere);
    }
    return !strays.empty();
}

// Strays first: who is in the wrong group is told so, whatever else is wrong.
bool check_reference(UpsertCall& upsert, const core::Entity& entity, const core::Field& up,
                     std::span<RecordTree* const> trees) {
    auto const rows = rearranged_rows(trees, entity, up);
    if (rows.empty()) return false;
    bool found = false;
    for (const core::Field& group : entity.fields)
        if (up.reference->parent && group.mapped() && group.reference && group.reference->parent &&
            group.reference->entity != entity.name)
            found |= find_strays(upsert, entity, up, group, rows);
    return found || find_cycles(upsert, entity, up, rows);
}

bool check_entity(UpsertCall& upsert, const core::Entity& entity, std::span<RecordTree* const> trees) {
    bool found = false;
    for (const core::Field& up : entity.fields)
        if (up.mapped() && up.reference && up.reference->entity == entity.name)
            found |= check_reference(upsert, entity, up, trees);
    return found;
}

void add_ancestors(UpsertCall& upsert, const core::Field& up, const std::vector<Item*>& items, Kin& kin) {
    std::vector<const Item*> below;
    std::vector<core::Uuid> ids;
    for (const Item* item : items) {
        const Target* target = rearranges(*item, up) ? item->target(up) : nullptr;
        if (target == nullptr || target->null || target->in_call != nullptr) continue;
        below.push_back(item);
        ids.push_back(target->found);
    }
    if (below.empty()) return;
    std::string const statement = core::sql(
        R"(WITH RECURSIVE up(n, id) AS (
               SELECT u.n, u.id FROM {rows}
                UNION
               SELECT up.n, t.{parent} FROM up JOIN {table} AS t ON t.tenant_id == $1 AND t.id == up.id
                WHERE t.{parent} IS NOT NULL)
           SELECT up.n, up.id FROM up)",
        {{"rows", unnested({"id"})},
         {"table", upsert.registry.table(items.front()->entity()).name},
         {"parent", quoted(up.column_name)}});
    execute(statement, {Param::uuid(upsert.tenant), uuid_array(ids), length_param(ids)},
            [&](const Row& row) { kin[below[static_cast<std::size_t>(row.integer(0) - 1)]].push_back(row.uuid(1)); });
}

// The live rows below those that go elsewhere: they must not be left behind.
void add_children(UpsertCall& upsert, const core::Field& up, const std::vector<Item*>& items, Kin& kin) {
    std::vector<const Item*> above;
    std::vector<core::Uuid> ids;
    for (const Item* item : items) {
        if (!item->found || !rearranges(*item, up)) continue;
        above.push_back(item);
        ids.push_back(item->id);
    }
    if (above.empty()) return;
    execute(core::sql(R"(SELECT u.n, t.id FROM {rows} JOIN {table} AS t ON t.tenant_id == $1 AND t.{parent} == u.id
                          WHERE t.deleted_at IS NULL)",
                      {{"rows", unnested({"id"})},
                       {"table", upsert.registry.table(items.front()->entity()).name},
                       {"parent", quoted(up.column_name)}}),
            {Param::uuid(upsert.tenant), uuid_array(ids), length_param(ids)},
            [&](const Row& row) { kin[above[static_cast<std::size_t>(row.integer(0) - 1)]].push_back(row.uuid(1)); });
}

}  // namespace

Kin read_kin(UpsertCall& upsert, std::span<Item* const> all) {
    Kin kin;
    for (const auto& [order, items] : group_items(all))
        for (const core::Field& up : items.front()->entity().fields) {
            if (!up.mapped() || !up.reference || up.reference->entity != items.front()->entity().name) continue;
            add_ancestors(upsert, up, items, kin);
            add_children(upsert, up, items, kin);
        }
    return kin;
}

void check_hierarchy(UpsertCall& upsert, std::span<RecordTree* const> trees) {
    std::set<const core::Entity*> entities;
    for (RecordTree* tree : trees)
        for (Item* item : tree->items)
            entities.insert(&item->entity());
    bool found = false;
    for (const core::Entity* entity : entities)
        found |= check_entity(upsert, *entity, trees);
    if (found) throw TreesFailed{};
}

}  // namespace eryxon::pg
