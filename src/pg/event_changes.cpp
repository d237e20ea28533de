// The changes of an event, as the outbox keeps them and as they are shown.
#include "pg/event_changes.hpp"

#include "core/json_build.hpp"
#include "pg/boundary.hpp"
#include "pg/jsonb.hpp"

namespace eryxon::pg {

namespace {

bool is_change(const core::Json& values) {
    return values.is_array() && values.items().size() == 2;
}

}  // namespace

Datum change_list(Datum changes) {
    const Jsonb* const value = call([changes] { return DatumGetJsonbP(changes); });
    core::JsonArena arena;
    core::Json const fields = read_jsonb(value, arena);
    if (!fields.is_object()) return changes;
    std::vector<core::Json> list;
    for (const core::JsonMember& field : fields.members()) {
        if (!is_change(field.value)) continue;
        core::JsonObject change(arena, 3);
        change.add("field", field.name);
        change.add("old", field.value.items()[0]);
        change.add("new", field.value.items()[1]);
        list.push_back(change.json());
    }
    return make_jsonb(arena.array(list));
}

}  // namespace eryxon::pg
