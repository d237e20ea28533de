// Looking up the keys of events.
#include "pg/events/event_keys.hpp"

#include "core/base/sql_text.hpp"
#include "core/json/json_build.hpp"
#include "pg/events/event_outbox.hpp"
#include "pg/server/index_planning.hpp"
#include "pg/server/jsonb.hpp"
#include "pg/server/security_context.hpp"
#include "pg/server/spi.hpp"

#include <algorithm>

extern "C" {
#include "utils/builtins.h"
}

namespace eryxon::pg {

namespace {

// How many rows are remembered: a statement may touch any number.
constexpr std::size_t most_rows = 10000;

const core::Column& column_of(const core::Entity& entity, const core::Field& field) {
    return entity.columns[static_cast<std::size_t>(field.column)];
}

bool has_column(const core::Entity& entity, std::string_view name) {
    return std::any_of(entity.columns.begin(), entity.columns.end(),
                       [&](const core::Column& column) { return column.name == name; });
}

// What is read of the rows: id, external id and source, number, then the ids of its parents. The number's type is one
// of the server's texts, or a domain over one, so that the cast runs nobody's code.
std::string rows_sql(const Registry& registry, const core::Entity& entity,
                     const std::vector<const core::Field*>& parents) {
    const core::Field* const number = number_field(entity);
    std::string parent_columns;
    for (const core::Field* parent : parents)
        parent_columns += ", " + quoted(parent->column_name);
    auto const own = [&](const char* name) { return has_column(entity, name) ? name : "NULL::pg_catalog.text"; };
    return core::sql(
        "SELECT id, {external_id}, {external_source}, {number}{parents} FROM {table} "
        "WHERE tenant_id == $1 AND id == ANY ($2)",
        {{"external_id", own("external_id")},
         {"external_source", own("external_source")},
         {"number", (number != nullptr ? quoted(number->column_name) : "NULL") + "::pg_catalog.text"},
         {"parents", parent_columns},
         {"table", registry.table(entity).name}});
}

// The key without what is not there.
core::Json key_json(const core::Entity& entity, const core::Json& id, std::string_view external_id,
                    std::string_view external_source, std::string_view number, core::JsonArena& arena) {
    core::JsonObject key(arena, 5);
    key.add("entity", entity.name);
    key.add("id", id);
    for (auto const& [name, text] : {std::pair("external_id", external_id),
                                     std::pair("external_source", external_source), std::pair("number", number)})
        if (!text.empty()) key.add(name, core::make_string(text, arena));
    return key.json();
}

std::string_view text_of(Datum text) {
    if (text == 0) return {};
    auto* const value = reinterpret_cast<struct varlena*>(DatumGetPointer(text));
    return {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};
}

}  // namespace

const core::Field* number_field(const core::Entity& entity) {
    auto const is_text = [&](const core::Field* field) {
        return field != nullptr && field->mapped() && column_of(entity, *field).kind == core::ValueKind::text;
    };
    if (!entity.natural_key.empty()) {
        const core::Field* const last = entity.find(entity.natural_key.back());
        return is_text(last) ? last : nullptr;
    }
    for (const core::Field& field : entity.fields)
        if (field.required && is_text(&field)) return &field;
    return nullptr;
}

EventKeys::EventKeys(const Registry& registry, const core::Entity& entity) : registry_(registry), entity_(entity) {
    Target& own = target_of(entity);
    members_.push_back({entity.singular, &own, -1, 0});
    std::vector<const core::Field*> references;
    for (bool const parent : {true, false})
        for (const core::Field& field : entity.fields)
            if (field.reference && field.mapped() && field.reference->parent == parent) references.push_back(&field);
    for (const core::Field* field : references) {
        columns_.push_back(&column_of(entity, *field));
        add_member(0, columns_.size() - 1, *field);
    }
    for (std::size_t below = 1; below < members_.size(); below++) {
        if (members_[below].below == 0 && !references[members_[below].edge]->reference->parent) continue;
        const std::vector<const core::Field*>& parents = members_[below].target->parents;
        for (std::size_t edge = 0; edge < parents.size(); edge++)
            add_member(static_cast<int>(below), edge, *parents[edge]);
    }
    find_root_path(references);
}

// Up from member to member by the first parent of another entity.
void EventKeys::find_root_path(const std::vector<const core::Field*>& references) {
    int below = 0;
    for (std::size_t i = 1; i < members_.size(); i++) {
        const Member& member = members_[i];
        bool const parent = below != 0 || references[member.edge]->reference->parent;
        if (member.below != below || !parent || member.target == members_[static_cast<std::size_t>(below)].target)
            continue;
        above_.push_back(i);
        below = static_cast<int>(i);
    }
}

// The row that the event's row belongs to in the end; itself, if it belongs to none.
core::Uuid EventKeys::root_of(const Event& event) const {
    core::Uuid root = event.row;
    for (std::size_t const i : above_) {
        const core::Uuid* const id = id_of(members_[i], event);
        if (id == nullptr) break;
        root = *id;
    }
    return root;
}

EventKeys::Target& EventKeys::target_of(const core::Entity& entity) {
    auto const [place, is_new] = targets_.try_emplace(entity.name);
    Target& target = place->second;
    if (!is_new) return target;
    target.entity = &entity;
    for (const core::Field& field : entity.fields)
        if (field.reference && field.reference->parent && field.mapped()) target.parents.push_back(&field);
    target.sql = rows_sql(registry_, entity, target.parents);
    return target;
}

// A row further up that would have the name of one that is nearer is left out.
void EventKeys::add_member(int below, std::size_t edge, const core::Field& field) {
    const core::Entity* const entity = registry_.schema.find(field.reference->entity);
    if (entity == nullptr || registry_.unusable(*entity) != nullptr) return;
    auto const is_taken = [&](const std::string& name) {
        return std::any_of(members_.begin(), members_.end(), [&](const Member& m) { return m.name == name; });
    };
    const std::string& name = is_taken(entity->singular) && below == 0 ? field.name : entity->singular;
    if (!is_taken(name)) members_.push_back({name, &target_of(*entity), below, edge});
}

// The id that the event's row, or a row above it, has for the member; nullptr if it has none.
const core::Uuid* EventKeys::id_of(const Member& member, const Event& event) const {
    static constexpr core::Uuid none{};
    if (member.below < 0) return &event.row;
    const Member& below = members_[static_cast<std::size_t>(member.below)];
    const core::Uuid* id = nullptr;
    if (member.below == 0) {
        id = &event.references[member.edge];
    } else if (const core::Uuid* of = id_of(below, event)) {
        auto const row = below.target->rows.find({event.tenant, *of});
        if (row != below.target->rows.end() && !row->second.parents.empty()) id = &row->second.parents[member.edge];
    }
    return id == nullptr || *id == none ? nullptr : id;
}

// Reads the wanted rows; those that are not there get a key of their id.
void EventKeys::read_wanted(Target& target) {
    std::map<core::Uuid, std::vector<core::Uuid>> ids;
    for (const auto& [tenant, id] : target.wanted) {
        ids[tenant].push_back(id);
        target.rows[{tenant, id}] = {key_json(*target.entity, core::make_uuid(id, arena_), {}, {}, {}, arena_), {}};
    }
    target.wanted.clear();
    IndexPlanning const planning;
    for (const auto& of_tenant : ids)
        as_table_owner(target.entity->table, [&] {
            execute(target.sql, {Param::uuid(of_tenant.first), uuid_array(of_tenant.second)}, [&](const Row& row) {
                FoundRow& found = target.rows[{of_tenant.first, row.uuid(0)}];
                found.key = key_json(*target.entity, core::make_uuid(row.uuid(0), arena_), row.text(1), row.text(2),
                                     row.text(3), arena_);
                for (int column = 4; column < row.size(); column++)
                    found.parents.push_back(row.is_null(column) ? core::Uuid{} : row.uuid(column));
            });
        });
}

core::Json EventKeys::own_key(const Event& event, core::JsonArena& arena) const {
    return key_json(entity_, core::make_uuid(event.row, arena), text_of(event.external_id),
                    text_of(event.external_source), text_of(event.number), arena);
}

void EventKeys::forget_many() {
    std::size_t rows = 0;
    for (const auto& [name, target] : targets_)
        rows += target.rows.size();
    if (rows < most_rows) return;
    for (auto& [name, target] : targets_)
        target.rows.clear();
    arena_.clear();
}

// Reads what the events' members need that is not known yet, from below upwards.
void EventKeys::look_up(const std::vector<Event>& events) {
    for (std::size_t i = 1; i < members_.size(); i++) {
        Target& target = *members_[i].target;
        for (const Event& event : events) {
            const core::Uuid* const id = id_of(members_[i], event);
            if (id != nullptr && !target.rows.contains({event.tenant, *id})) target.wanted.insert({event.tenant, *id});
        }
        if (!target.wanted.empty()) read_wanted(target);
    }
}

void EventKeys::resolve(std::vector<Event>& events) {
    forget_many();
    look_up(events);
    core::JsonArena arena;
    for (Event& event : events) {
        core::JsonObject keys(arena, members_.size());
        keys.add(members_[0].name, own_key(event, arena));
        for (std::size_t i = 1; i < members_.size(); i++)
            if (const core::Uuid* id = id_of(members_[i], event))
                keys.add(members_[i].name, members_[i].target->rows.at({event.tenant, *id}).key);
        event.keys = make_jsonb(keys.json());
        event.root = root_of(event);
        arena.clear();
    }
}

}  // namespace eryxon::pg
