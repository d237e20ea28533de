// Reads references: which of the forms counts, what stands in the hash, and what a nested record inherits.
#include "core/json/fault_text.hpp"
#include "core/record/convert.hpp"
#include "core/record/record_reader.hpp"

namespace eryxon::core {

namespace {

// The members of a reference as they were sent; nullptr for those that were not.
struct Forms {
    const JsonMember* id;
    const JsonMember* external_id;
    const JsonMember* source;
    const JsonMember* name;

    bool any_target() const { return id || external_id || name; }
};

// A reference that is being read.
struct Reading {
    RecordReader& reader;
    const Field& field;
    Forms forms;
    std::string_view external_id_name;      // "job_external_id"
    std::string_view external_source_name;  // "job_external_source"
};

Reading start_reading(RecordReader& reader, int index) {
    const MemberNames& names = reader.entity.names;
    const NameRange range = names.of_field(index);
    const int count = range.end - range.begin;
    return {reader,
            reader.entity.fields[static_cast<std::size_t>(index)],
            {reader.sent_as(range.begin), reader.sent_as(range.begin + 1), reader.sent_as(range.begin + 2),
             count > 3 ? reader.sent_as(range.begin + 3) : nullptr},
            names[range.begin + 1].text,
            names[range.begin + 2].text};
}

// True if the member was sent with a value, after value aliases.
bool has_value(const Field& field, const JsonMember* member) {
    return member && !resolve_value_alias(field, member->value).is_null();
}

// The first form with a value, or nullptr.
const JsonMember* find_counting(const Field& field, const Forms& forms) {
    for (const JsonMember* member : {forms.id, forms.external_id, forms.name})
        if (has_value(field, member)) return member;
    return nullptr;
}

// True if this is the reference to the record that this one is nested in.
bool is_to_enclosing(const RecordReader& reader, const Field& field) {
    return reader.enclosing && reader.enclosing->children.field == field.name;
}

// Puts all members as they were sent into the hash.
void hash_forms(const Reading& reading) {
    for (const JsonMember* member :
         {reading.forms.external_id, reading.forms.source, reading.forms.id, reading.forms.name})
        if (member) reading.reader.add_hashed(member->name, member->value);
}

// Reads the source that the reference names, else takes the record's own.
std::optional<Fault> read_source(const Reading& reading, ReferenceValue& value) {
    value.source = reading.reader.record.source;
    if (!has_value(reading.field, reading.forms.source)) return std::nullopt;
    return read_identifier(resolve_value_alias(reading.field, reading.forms.source->value),
                           reading.reader.context.arena, value.source);
}

std::optional<Fault> read_id(const Json& json, ReferenceValue& value) {
    value.by = ReferenceValue::By::id;
    if (!json.is_string()) return type_fault("uuid", json);
    const auto uuid = parse_uuid(json.text());
    if (!uuid) return uuid_fault(json);
    value.id = *uuid;
    return std::nullopt;
}

std::optional<Fault> read_name(const Json& json, JsonArena& arena, ReferenceValue& value) {
    value.by = ReferenceValue::By::name;
    if (!json.is_string() && !json.is_number()) return type_fault("name", json);
    value.text = json.is_string() ? json.text() : number_text(json.text(), arena);
    return std::nullopt;
}

// Reads the form that counts.
std::optional<Fault> read_target(const Reading& reading, const JsonMember* counting, ReferenceValue& value) {
    JsonArena& arena = reading.reader.context.arena;
    const Json& json = resolve_value_alias(reading.field, counting->value);
    if (counting == reading.forms.id) return read_id(json, value);
    if (counting == reading.forms.name) return read_name(json, arena, value);
    value.by = ReferenceValue::By::external_id;
    if (auto fault = read_identifier(json, arena, value.text)) return fault;
    return check_visible(value.text, json);
}

// The fault of a nested record that names another parent than the one it stands in.
Fault other_parent_fault(const Enclosing& enclosing, const Json& sent) {
    Fault fault = make_fault(Code::fk_constraint, {}, Reason::other_parent,
                             {{"value", sent},
                              {"entity", enclosing.record.entity->singular},
                              {"external_id", enclosing.record.external_id}});
    fault.value = shown_value(sent);
    return fault;
}

// Checks a reference of a nested record that names its parent itself; by id or name only the database can tell.
bool agrees_with_enclosing(const Reading& reading, const ReferenceValue& value, const JsonMember* counting) {
    const Enclosing& enclosing = *reading.reader.enclosing;
    if (value.by != ReferenceValue::By::external_id) return true;
    const bool same_id = value.text == enclosing.record.external_id;
    if (same_id && value.source == enclosing.record.source) return true;
    const JsonMember* shown = same_id && reading.forms.source ? reading.forms.source : counting;
    reading.reader.add_fault(other_parent_fault(enclosing, shown->value), counting->name);
    return false;
}

// Refers to the enclosing record as if <parent>_external_id (and _external_source, if it differs) had been sent.
void inherit_parent(const Reading& reading) {
    RecordReader& reader = reading.reader;
    const Record& parent = reader.enclosing->record;
    if (!parent.has_key) return;
    ReferenceValue value{
        &reading.field,    ReferenceValue::By::external_id, reading.external_id_name, {}, parent.source,
        parent.external_id};
    reader.add_hashed(reading.external_id_name, Json::string(parent.external_id));
    if (has_value(reading.field, reading.forms.source)) {
        ReferenceValue named = value;
        auto fault = read_source(reading, named);
        if (!fault && named.source != parent.source)
            fault = other_parent_fault(*reader.enclosing, reading.forms.source->value);
        if (fault) return reader.add_fault(std::move(*fault), reading.forms.source->name);
    } else if (reader.record.source != parent.source) {
        reader.add_hashed(reading.external_source_name, Json::string(parent.source));
    }
    hash_forms(reading);
    reader.record.references.push_back(value);
}

// The reference is cleared, unless it is required.
void clear_reference(const Reading& reading, const JsonMember& member) {
    RecordReader& reader = reading.reader;
    const bool not_null = reader.entity.columns[static_cast<std::size_t>(reading.field.column)].not_null;
    if (reading.field.required || not_null || is_to_enclosing(reader, reading.field))
        reader.add_fault(value_fault(Code::fk_required, Reason::null_value, member.value), reading.external_id_name);
    else
        reader.record.references.push_back({&reading.field, ReferenceValue::By::null, member.name, {}, {}, {}});
}

// No form was sent: demanded on creation if required; "replace" clears it.
void read_absent(const Reading& reading) {
    RecordReader& reader = reading.reader;
    const bool not_null = reader.entity.columns[static_cast<std::size_t>(reading.field.column)].not_null;
    if (reading.field.required) return reader.add_missing(Code::fk_required, reading.external_id_name);
    if (!reader.replaces() || not_null) return;
    reader.add_hashed(reading.external_id_name, Json::null());
    reader.record.references.push_back(
        {&reading.field, ReferenceValue::By::null, reading.external_id_name, {}, {}, {}});
}

// Reads a reference of which a form has a value.
void read_present(const Reading& reading, const JsonMember* counting) {
    ReferenceValue value{&reading.field, ReferenceValue::By::null, counting->name, {}, {}, {}};
    if (auto fault = read_target(reading, counting, value))
        return reading.reader.add_fault(std::move(*fault), counting->name);
    if (value.by == ReferenceValue::By::external_id)
        if (auto fault = read_source(reading, value))
            return reading.reader.add_fault(std::move(*fault), reading.forms.source->name);
    if (is_to_enclosing(reading.reader, reading.field) && !agrees_with_enclosing(reading, value, counting)) return;
    reading.reader.record.references.push_back(value);
}

}  // namespace

void read_reference(RecordReader& reader, int index) {
    const Reading reading = start_reading(reader, index);
    const JsonMember* counting = find_counting(reading.field, reading.forms);
    if (!reading.forms.any_target() && is_to_enclosing(reader, reading.field)) return inherit_parent(reading);
    hash_forms(reading);
    if (counting)
        read_present(reading, counting);
    else if (reading.forms.any_target())
        clear_reference(reading, *(reading.forms.external_id ? reading.forms.external_id
                                   : reading.forms.id        ? reading.forms.id
                                                             : reading.forms.name));
    else
        read_absent(reading);
}

}  // namespace eryxon::core
