// Makes one schema of rules and columns: joins fields with columns, orders the entities, finds child arrays and names.
#include "core/schema/rules.hpp"

#include <algorithm>
#include <iterator>

namespace eryxon::core {

namespace {

// True if the field can be written to the column: not to a generated one, and a reference only to a uuid.
bool takes(const Column& column, const Field& field) {
    return !column.generated && (!field.reference || column.kind == ValueKind::uuid);
}

// Sorts the fields by name and finds each one's column.
void join_columns(Entity& entity) {
    std::sort(entity.fields.begin(), entity.fields.end(),
              [](const Field& a, const Field& b) { return a.name < b.name; });
    for (Field& field : entity.fields) {
        const auto column = std::find_if(entity.columns.begin(), entity.columns.end(), [&](const Column& candidate) {
            return candidate.name == field.column_name && takes(candidate, field);
        });
        field.column = column == entity.columns.end() ? -1 : static_cast<int>(column - entity.columns.begin());
    }
}

// True if the entity refers to one of the others, itself left out.
bool depends_on_any(const Entity& entity, const std::vector<Entity>& others) {
    const auto refers_to = [&](const Entity& other) {
        return other.name != entity.name &&
               std::any_of(entity.fields.begin(), entity.fields.end(), [&](const Field& field) {
                   return field.reference && field.reference->entity == other.name;
               });
    };
    return std::any_of(others.begin(), others.end(), refers_to);
}

// Brings the entities into dependency order; a cycle is entered at its first entity as given.
void sort_by_dependency(std::vector<Entity>& entities) {
    std::vector<Entity> sorted;
    sorted.reserve(entities.size());
    while (!entities.empty()) {
        auto next = std::find_if(entities.begin(), entities.end(),
                                 [&](const Entity& entity) { return !depends_on_any(entity, entities); });
        if (next == entities.end()) next = entities.begin();
        next->order = static_cast<int>(sorted.size());
        sorted.push_back(std::move(*next));
        entities.erase(next);
    }
    entities = std::move(sorted);
}

// Lists the arrays in which records of `parent` may carry records of `child`.
void add_children(Entity& parent, const Entity& child) {
    for (const Field& field : child.fields)
        if (field.mapped() && field.reference && field.reference->parent && !field.reference->children_key.empty() &&
            field.reference->entity == parent.name)
            parent.children.push_back({field.reference->children_key, child.name, field.name});
}

}  // namespace

void link(Schema& schema) {
    for (Entity& entity : schema.entities)
        join_columns(entity);
    sort_by_dependency(schema.entities);
    for (Entity& parent : schema.entities) {
        parent.children.clear();
        for (const Entity& child : schema.entities)
            add_children(parent, child);
    }
    for (Entity& entity : schema.entities)
        entity.names.build(entity);
}

}  // namespace eryxon::core
