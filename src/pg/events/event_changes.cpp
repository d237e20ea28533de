// The changes of an event, as the outbox keeps them and as they are shown. Values are copied as they lie, so that
// whatever is in them can be shown.
#include "pg/events/event_changes.hpp"

#include "pg/server/boundary.hpp"
#include "pg/server/jsonb_layout.hpp"

#include <algorithm>
#include <span>

extern "C" {
#include "access/detoast.h"
}

namespace eryxon::pg {

namespace {

// What a change may have beside its field, in the order in which jsonb stores names.
enum Part { new_value, old_value, omitted };
constexpr int part_count = omitted + 1;
constexpr std::string_view part_names[] = {"new", "old", "omitted"};

// A change on its way from one form to the other.
struct Change {
    JsonbChild field;
    JsonbChild parts[part_count];
    bool has[part_count];
};

// Of [old, new].
bool read_pair(const JsonbContainer& values, Change& change) {
    if (JsonContainerSize(&values) != 2) return false;
    JsonbChildren children(values, 2);
    change.parts[old_value] = children.step();
    change.parts[new_value] = children.step();
    change.has[old_value] = change.has[new_value] = true;
    return true;
}

// Of an object with some of the parts.
bool read_parts(const JsonbContainer& values, Change& change) {
    std::size_t const count = JsonContainerSize(&values);
    int found[part_count];
    if (count > part_count) return false;
    JsonbChildren children(values, 2 * count);
    for (std::size_t i = 0; i < count; i++) {
        const auto* const name = std::find(std::begin(part_names), std::end(part_names), children.step().text());
        if (name == std::end(part_names)) return false;
        found[i] = static_cast<int>(name - part_names);
    }
    for (std::size_t i = 0; i < count; i++) {
        change.parts[found[i]] = children.step();
        change.has[found[i]] = true;
    }
    return true;
}

bool read_change(const JsonbChild& field, const JsonbChild& values, Change& change) {
    change = {};
    change.field = field;
    if (values.type() != JENTRY_ISCONTAINER) return false;
    const JsonbContainer& container = values.container();
    if (JsonContainerIsObject(&container)) return read_parts(container, change);
    return read_pair(container, change);
}

// The changes in order of their fields, palloc'd; what is none is left out.
std::span<Change> read_changes(const JsonbContainer& fields) {
    std::size_t const count = JsonContainerSize(&fields);
    auto* const changes = static_cast<Change*>(palloc_extended((count + 1) * sizeof(Change), MCXT_ALLOC_HUGE));
    auto* const names = static_cast<JsonbChild*>(palloc_extended((count + 1) * sizeof(JsonbChild), MCXT_ALLOC_HUGE));
    JsonbChildren children(fields, 2 * count);
    for (std::size_t i = 0; i < count; i++)
        names[i] = children.step();
    std::size_t read = 0;
    for (std::size_t i = 0; i < count; i++)
        if (read_change(names[i], children.step(), changes[read])) read++;
    std::sort(changes, changes + read,
              [](const Change& a, const Change& b) { return a.field.text() < b.field.text(); });
    return {changes, read};
}

// "field" stands between the parts: names are stored by their lengths.
JEntry write_change(const Change& change, JsonbOutput& out) {
    std::size_t const parts = static_cast<std::size_t>(std::count(change.has, change.has + part_count, true));
    JsonbWriter object(out, JB_FOBJECT, parts + 1, "object");
    for (int part = 0; part < part_count; part++) {
        if (part == omitted) object.add(write_jsonb_string("field", out));
        if (change.has[part]) object.add(write_jsonb_string(part_names[part], out));
    }
    for (int part = 0; part < part_count; part++) {
        if (part == omitted) object.add(copy_jsonb_child(change.field, out));
        if (change.has[part]) object.add(copy_jsonb_child(change.parts[part], out));
    }
    return object.finish();
}

}  // namespace

Datum change_list(Datum changes) {
    return call([changes] {
        const Jsonb* const value = DatumGetJsonbP(changes);
        if (!JB_ROOT_IS_OBJECT(value)) return changes;
        std::span<const Change> const read = read_changes(value->root);
        JsonbOutput out;
        JsonbWriter list(out, JB_FARRAY, read.size(), "array");
        for (const Change& change : read)
            list.add(write_change(change, out));
        list.finish();
        return out.finish();
    });
}

std::int64_t stored_size(Datum value) {
    const char* const raw = DatumGetPointer(value);
    if (!VARATT_IS_EXTERNAL(raw) && !VARATT_IS_COMPRESSED(raw))
        return static_cast<std::int64_t>(VARSIZE_ANY_EXHDR(raw));
    return call([value] { return static_cast<std::int64_t>(toast_raw_datum_size(value)) - VARHDRSZ; });
}

}  // namespace eryxon::pg
