// Reads the fields of a record that are no references: sent, missing, or replaced by their default.
#include "core/json/fault_text.hpp"
#include "core/record/convert.hpp"
#include "core/record/record_reader.hpp"

#include <memory>

namespace eryxon::core {

namespace {

const Field& field_at(const RecordReader& reader, int index) {
    return reader.entity.fields[static_cast<std::size_t>(index)];
}

// The member that counts for the field: the first of its names that was sent.
const JsonMember* find_sent(const RecordReader& reader, int index) {
    const NameRange range = reader.entity.names.of_field(index);
    for (int number = range.begin; number < range.end; ++number)
        if (reader.sent_as(number)) return reader.sent_as(number);
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
void take_value(RecordReader& reader, const Field& field, const Json& json, std::string_view path,
                const Json* cell = nullptr) {
    FieldValue& next = *std::construct_at(reader.values + reader.value_count, FieldValue{&field, {}});
    Json hashed;
    if (auto fault = convert_value(reader.entity, field, json, reader.context, {next.value, hashed})) {
        reader.add_fault(cell != nullptr ? as_written(*std::move(fault), json, *cell) : *std::move(fault), path);
    } else {
        ++reader.value_count;
        reader.add_hashed(field.name, hashed);
    }
}

// True if "replace" leaves the field alone when it is absent: progress, order and who does the work are the shop
// floor's.
bool survives_replace(const RecordReader& reader, const Field& field) {
    if (field.default_next || field.name == "sequence" || field.name == "status" ||
        field.name == "assigned_operator_id")
        return true;
    return !field.default_value && reader.entity.columns[static_cast<std::size_t>(field.column)].not_null;
}

void read_absent(RecordReader& reader, const Field& field) {
    if (field.required)
        reader.add_missing(Code::not_null, field.name);
    else if (reader.replaces() && !survives_replace(reader, field))
        take_value(reader, field, field.default_value ? *field.default_value : Json::null(), field.name);
}

// True if members that nothing else takes are to be added to this field's value.
bool gathers_unknown(const RecordReader& reader, const Field& field) {
    return reader.context.options.unknown_fields == UnknownFields::metadata && field.name == "metadata" &&
           reader.entity.columns[static_cast<std::size_t>(field.column)].kind == ValueKind::json;
}

// The sent object (nullptr or null counts as an empty one) with those members added; the object's own names win.
Json add_unknown(const RecordReader& reader, const Json* sent) {
    std::vector<JsonMember> members;
    for (const auto& [member, why] : reader.ignored)
        if (why == Ignored::Why::unknown || why == Ignored::Why::unmapped) members.push_back(*member);
    if (members.empty() || (sent && !sent->is_null() && !sent->is_object())) return sent ? *sent : Json::null();
    if (sent && sent->is_object()) members.insert(members.end(), sent->members().begin(), sent->members().end());
    return reader.context.arena.object(members);
}

// What was sent: of a file's cell what its text stands for, unless an alias says that.
std::optional<Fault> read_sent(const RecordReader& reader, const Field& field, Json& sent) {
    const bool is_cell = reader.context.read_cell && sent.is_string() && &resolve_value_alias(field, sent) == &sent;
    if (!is_cell) return std::nullopt;
    return reader.context.read_cell(sent.text(), reader.entity.columns[static_cast<std::size_t>(field.column)], sent);
}

// Reads the field whose member this is.
void read_member(RecordReader& reader, const Field& field, const JsonMember& member) {
    Json sent = member.value;
    const Json* cell = reader.context.read_cell && sent.is_string() ? &member.value : nullptr;
    if (auto fault = read_sent(reader, field, sent)) return reader.add_fault(std::move(*fault), member.name);
    take_value(reader, field, gathers_unknown(reader, field) ? add_unknown(reader, &sent) : sent, member.name, cell);
}

}  // namespace

void read_field(RecordReader& reader, int index) {
    const Field& field = field_at(reader, index);
    if (const JsonMember* member = find_sent(reader, index)) return read_member(reader, field, *member);
    const Json unknown = gathers_unknown(reader, field) ? add_unknown(reader, nullptr) : Json::null();
    if (unknown.is_null())
        read_absent(reader, field);
    else
        take_value(reader, field, unknown, field.name);
}

}  // namespace eryxon::core
