// Core's JSON as jsonb. All of it runs inside one pg::call(): nothing here has a destructor, and errors leave by
// longjmp.
#include "pg/server/jsonb.hpp"

#include "pg/server/boundary.hpp"
#include "pg/server/jsonb_layout.hpp"
#include "pg/server/numeric_bytes.hpp"

#include <algorithm>

extern "C" {
#include "utils/fmgrprotos.h"
}

namespace eryxon::pg {

namespace {

// The order of an object's names: by length, then by bytes.
bool stored_before(const core::JsonMember* a, const core::JsonMember* b) {
    if (a->name.size() != b->name.size()) return a->name.size() < b->name.size();
    return memcmp(a->name.data(), b->name.data(), a->name.size()) < 0;
}

// Pointers to the members in the order of their names, in the place given or palloc'd.
std::span<const core::JsonMember*> sort_members(std::span<const core::JsonMember> members,
                                                std::span<const core::JsonMember*> place) {
    if (members.size() > place.size())
        place = {static_cast<const core::JsonMember**>(palloc(members.size() * sizeof(void*))), members.size()};
    place = place.first(members.size());
    std::transform(members.begin(), members.end(), place.begin(), [](const core::JsonMember& each) { return &each; });
    std::sort(place.begin(), place.end(), stored_before);
    return place;
}

JEntry write_value(const core::Json& json, JsonbOutput& out);

// Appends the number as numeric_in makes it.
void append_numeric(std::string_view token, JsonbOutput& out) {
    char bytes[most_numeric_bytes];
    if (std::size_t const size = put_numeric(token, bytes)) return out.append(bytes, size);
    char* const text = palloc_copy(token);
    char* const numeric = DatumGetPointer(
        DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
    out.append(numeric, VARSIZE(numeric));
    pfree(numeric);
    pfree(text);
}

JEntry write_number(std::string_view token, JsonbOutput& out) {
    std::size_t const start = out.size();
    out.align();
    append_numeric(token, out);
    return JENTRY_ISNUMERIC | static_cast<JEntry>(out.size() - start);
}

JEntry write_array(std::span<const core::Json> items, std::uint32_t flags, JsonbOutput& out) {
    JsonbWriter array(out, JB_FARRAY | flags, items.size(), "array");
    for (const core::Json& item : items)
        array.add(write_value(item, out));
    return array.finish();
}

// First all names, then all values.
JEntry write_object(std::span<const core::JsonMember> members, JsonbOutput& out) {
    const core::JsonMember* few[32];
    JsonbWriter object(out, JB_FOBJECT, members.size(), "object");
    std::span<const core::JsonMember*> const sorted = sort_members(members, few);
    for (const core::JsonMember* member : sorted)
        object.add(write_jsonb_string(member->name, out));
    for (const core::JsonMember* member : sorted)
        object.add(write_value(member->value, out));
    if (sorted.data() != few) pfree(sorted.data());
    return object.finish();
}

JEntry write_value(const core::Json& json, JsonbOutput& out) {
    switch (json.type()) {
        case core::JsonType::null:
            return JENTRY_ISNULL;
        case core::JsonType::boolean:
            return json.as_bool() ? JENTRY_ISBOOL_TRUE : JENTRY_ISBOOL_FALSE;
        case core::JsonType::number:
            return write_number(json.text(), out);
        case core::JsonType::string:
            return write_jsonb_string(json.text(), out);
        case core::JsonType::array:
            check_stack_depth();
            CHECK_FOR_INTERRUPTS();
            return write_array(json.items(), 0, out);
        case core::JsonType::object:
            check_stack_depth();
            CHECK_FOR_INTERRUPTS();
            return write_object(json.members(), out);
    }
    pg_unreachable();
}

}  // namespace

// A scalar stands in an array that is marked.
Datum make_jsonb(const core::Json& json) {
    return call([&json] {
        JsonbOutput out;
        if (json.is_scalar())
            write_array({&json, 1}, JB_FSCALAR, out);
        else
            write_value(json, out);
        return out.finish();
    });
}

}  // namespace eryxon::pg
