// Looks up entities and fields by name.
#include "core/schema/schema.hpp"

#include <algorithm>

namespace eryxon::core {

const Field* Entity::find(std::string_view field) const {
    const auto found = std::lower_bound(fields.begin(), fields.end(), field,
                                        [](const Field& a, std::string_view name) { return a.name < name; });
    return found != fields.end() && found->name == field ? &*found : nullptr;
}

const Entity* Schema::find(std::string_view entity) const {
    for (const Entity& candidate : entities)
        if (candidate.name == entity) return &candidate;
    return nullptr;
}

}  // namespace eryxon::core
