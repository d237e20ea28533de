// Reads records: members by name, key, fields, references, what is left over, hash, and then the nested records.
#include "core/record/record.hpp"

#include "core/json/fault_reason.hpp"
#include "core/json/fault_text.hpp"
#include "core/record/record_reader.hpp"

#include <algorithm>

namespace eryxon::core {

namespace {

void read_into(const Json& json, const ReadContext& context, const Enclosing* enclosing, Record& record);

// The greatest number of values that the record may get: of the fields that were sent, or of all if some that were not
// may get one too.
std::size_t most_values(const RecordReader& reader) {
    const Options& options = reader.context.options;
    if (reader.replaces() || options.unknown_fields == UnknownFields::metadata) return reader.entity.fields.size();
    std::size_t count = 0;
    for (int number = 0; number < reader.entity.names.size(); ++number)
        count += reader.sent_as(number) && reader.entity.names[number].role == Role::field;
    return count;
}

void read_fields(RecordReader& reader) {
    for (std::size_t i = 0; i < reader.entity.fields.size(); ++i) {
        const Field& field = reader.entity.fields[i];
        if (!field.mapped()) continue;
        if (field.reference)
            read_reference(reader, static_cast<int>(i));
        else
            read_field(reader, static_cast<int>(i));
    }
}

// Reads the fields and references in order of name, then makes the hash.
void read_content(RecordReader& reader) {
    void* const room = reader.context.arena.allocate(most_values(reader) * sizeof(FieldValue), alignof(FieldValue));
    reader.values = static_cast<FieldValue*>(room);
    read_fields(reader);
    reader.record.values = {reader.values, reader.value_count};
    report_ignored(reader);
    if (reader.record.has_key && reader.record.faults.empty()) reader.record.hash = record_hash(reader);
}

// Reads everything but the nested records. Not inlined: its working memory is gone when those are read.
[[gnu::noinline]] void read_own(const Json& json, const ReadContext& context, const Enclosing* enclosing,
                                Record& record) {
    RecordReader reader(json, context, enclosing, record);
    collect_members(reader);
    read_key(reader);
    if (record.operation == Operation::upsert) read_content(reader);
}

// The path of the record itself: "parts[0]" for "parts[0].".
std::string own_path(const Record& record) {
    return record.path.empty() ? std::string() : record.path.substr(0, record.path.size() - 1);
}

// Why a member cannot be taken for an array of nested records; null, which counts as not sent, can.
std::optional<Fault> child_array_fault(const Json& json, const Entity::Children& children) {
    if (json.displaces_records()) return records_twice(children.key);
    if (json.is_null() || json.is_array()) return std::nullopt;
    return value_fault(Code::type_mismatch, Reason::not_an_array, json, {"sent", type_phrase(json.type())});
}

// Reads one array of nested records.
void read_child_array(const Json& json, const ReadContext& context, const Entity::Children& children, Record& record) {
    if (std::optional<Fault> fault = child_array_fault(json, children)) {
        fault->path = record.path + children.key;
        record.faults.push_back(*std::move(fault));
        record.hash.clear();
        return;
    }
    if (json.is_null()) return;
    std::vector<Record>& records = record.children.emplace_back(Record::ChildArray{&children, {}}).records;
    records.resize(json.items().size());
    const Enclosing enclosing{record, children};
    for (std::size_t i = 0; i < records.size(); ++i) {
        records[i].entity = context.schema.find(children.entity);
        records[i].path = record.path + children.key + '[' + std::to_string(i) + "].";
        read_into(json.items()[i], context, &enclosing, records[i]);
    }
}

void read_children(const Json& json, const ReadContext& context, Record& record) {
    for (const Entity::Children& children : record.entity->children)
        if (const Json* array = json.find(children.key)) read_child_array(*array, context, children, record);
}

// Reads any JSON value as a record whose entity and path are set.
void read_into(const Json& json, const ReadContext& context, const Enclosing* enclosing, Record& record) {
    if (!json.is_object()) {
        Fault fault =
            value_fault(Code::invalid_payload, Reason::not_an_object, json, {"sent", type_phrase(json.type())});
        fault.path = own_path(record);
        record.faults.push_back(std::move(fault));
        return;
    }
    read_own(json, context, enclosing, record);
    if (record.operation == Operation::upsert && !record.entity->children.empty()) read_children(json, context, record);
}

}  // namespace

Record read_record(const Entity& entity, const Json& json, const ReadContext& context) {
    Record record;
    read_record(entity, json, context, record);
    return record;
}

void read_record(const Entity& entity, const Json& json, const ReadContext& context, Record& record) {
    record.entity = &entity;
    read_into(json, context, nullptr, record);
}

Fault records_twice(std::string_view name) {
    return make_fault(Code::invalid_payload, std::string(name), Reason::member_twice, {{"member", name}},
                      "Put all records into one array.");
}

// Names the members beside the one that may hold the records, the first five of them.
static std::string other_members(const Json& payload, std::string_view entity) {
    std::string list;
    std::size_t count = 0;
    for (const JsonMember& member : payload.members())
        if (member.name != "items" && member.name != entity && count++ < 5)
            list += (count > 1 ? ", " : "") + quoted(member.name);
    if (count > 5) list += ", ...";
    return list.empty() ? list : ", without other members such as " + list;
}

std::span<const Json> bulk_items(const Json& payload, std::string_view entity) {
    const std::string expected =
        "expected an array of records, {\"items\": [...]} or {\"" + std::string(entity) + "\": [...]}";
    if (payload.is_array()) return payload.items();
    if (!payload.is_object())
        throw CallError(Code::invalid_payload, expected + ", not " + std::string(type_phrase(payload.type())));
    if (payload.members().size() != 1)
        throw CallError(Code::invalid_payload, expected + other_members(payload, entity));
    const JsonMember& member = payload.members().front();
    if (member.name != "items" && member.name != entity)
        throw CallError(Code::invalid_payload, expected + ", not a member " + quoted(member.name));
    if (member.value.displaces_records()) throw CallError(records_twice(member.name));
    if (!member.value.is_array())
        throw CallError(Code::invalid_payload, "expected an array of records under " + quoted(member.name) + ", not " +
                                                   std::string(type_phrase(member.value.type())));
    return member.value.items();
}

bool is_faulty(const Record& record) {
    if (!record.faults.empty()) return true;
    for (const Record::ChildArray& array : record.children)
        if (std::any_of(array.records.begin(), array.records.end(), is_faulty)) return true;
    return false;
}

}  // namespace eryxon::core
