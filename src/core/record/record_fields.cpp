// Reads the fields of a record that are no references: sent, missing, or replaced by their default.
#include "core/json/fault_text.hpp"
#include "core/record/convert.hpp"
#include "core/record/draft.hpp"

#include <memory>

namespace eryxon::core {

namespace {

const Field& field_at(const Draft& draft, int index) {
    return draft.entity.fields[static_cast<std::size_t>(index)];
}

// The member that counts for the field: the first of its names that was sent.
const JsonMember* find_sent(const Draft& draft, int index) {
    const NameRange range = draft.entity.names.of_field(index);
    for (int number = range.begin; number < range.end; ++number)
        if (draft.sent_as(number)) return draft.sent_as(number);
    return nullptr;
}

// Has the fault of a file's cell show what stands in the file, not what was made of it.
Fault as_written(Fault fault, const Json& made, const Json& cell) {
    if (!made.is_string() || made.text() == cell.text()) return fault;
    const std::string shown = json_string(made.text());
    for (std::string* text : {&fault.message, &fault.value, &fault.params})
        if (const std::size_t at = text->find(shown); at != text->npos)
            text->replace(at, shown.size(), json_string(cell.text()));
    return fault;
}

// Converts a value and keeps it with its place in the hash, or keeps the fault. The cell is what was sent in a file.
void take_value(Draft& draft, const Field& field, const Json& json, std::string_view path, const Json* cell = nullptr) {
    FieldValue& next = *std::construct_at(draft.values + draft.value_count, FieldValue{&field, {}});
    Json hashed;
    if (auto fault = convert_value(draft.entity, field, json, draft.context, {next.value, hashed})) {
        draft.add_fault(cell != nullptr ? as_written(*std::move(fault), json, *cell) : *std::move(fault), path);
    } else {
        ++draft.value_count;
        draft.add_hashed(field.name, hashed);
    }
}

// True if "replace" leaves the field alone when it is absent: progress, order and who does the work are the shop
// floor's.
bool survives_replace(const Draft& draft, const Field& field) {
    if (field.default_next || field.name == "sequence" || field.name == "status" ||
        field.name == "assigned_operator_id")
        return true;
    return !field.default_value && draft.entity.columns[static_cast<std::size_t>(field.column)].not_null;
}

void read_absent(Draft& draft, const Field& field) {
    if (field.required)
        draft.add_missing(Code::not_null, field.name);
    else if (draft.replaces() && !survives_replace(draft, field))
        take_value(draft, field, field.default_value ? *field.default_value : Json::null(), field.name);
}

// True if unknown members are to be added to this field's value.
bool gathers_unknown(const Draft& draft, const Field& field) {
    return draft.context.options.unknown_fields == UnknownFields::metadata && field.name == "metadata" &&
           draft.entity.columns[static_cast<std::size_t>(field.column)].kind == ValueKind::json;
}

// The sent object (nullptr or null counts as an empty one) with the unknown members added; the object's own names win.
Json add_unknown(const Draft& draft, const Json* sent) {
    std::vector<JsonMember> members;
    for (const auto& [member, why] : draft.ignored)
        if (why == Ignored::Why::unknown) members.push_back(*member);
    if (members.empty() || (sent && !sent->is_null() && !sent->is_object())) return sent ? *sent : Json::null();
    if (sent && sent->is_object()) members.insert(members.end(), sent->members().begin(), sent->members().end());
    return draft.context.arena.object(members);
}

// What was sent: of a file's cell what its text stands for, unless an alias says that.
std::optional<Fault> read_sent(const Draft& draft, const Field& field, Json& sent) {
    const bool is_cell = draft.context.read_cell && sent.is_string() && &resolve_value_alias(field, sent) == &sent;
    if (!is_cell) return std::nullopt;
    return draft.context.read_cell(sent.text(), draft.entity.columns[static_cast<std::size_t>(field.column)], sent);
}

// Reads the field whose member this is.
void read_member(Draft& draft, const Field& field, const JsonMember& member) {
    Json sent = member.value;
    const Json* cell = draft.context.read_cell && sent.is_string() ? &member.value : nullptr;
    if (auto fault = read_sent(draft, field, sent)) return draft.add_fault(std::move(*fault), member.name);
    take_value(draft, field, gathers_unknown(draft, field) ? add_unknown(draft, &sent) : sent, member.name, cell);
}

}  // namespace

void read_field(Draft& draft, int index) {
    const Field& field = field_at(draft, index);
    if (const JsonMember* member = find_sent(draft, index)) return read_member(draft, field, *member);
    const Json unknown = gathers_unknown(draft, field) ? add_unknown(draft, nullptr) : Json::null();
    if (unknown.is_null())
        read_absent(draft, field);
    else
        take_value(draft, field, unknown, field.name);
}

}  // namespace eryxon::core
