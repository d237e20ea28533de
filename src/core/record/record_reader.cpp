// Takes a record apart: which member is which field, and what is to be said of the others.
#include "core/record/record_reader.hpp"

#include "core/json/canonical.hpp"
#include "core/json/fault_reason.hpp"
#include "core/json/fault_text.hpp"

#include <algorithm>

namespace eryxon::core {

namespace {

// Bytes of a member's name that a path shows.
constexpr std::size_t shown_in_path = 255;

// Reads _op: "delete" or "upsert".
void read_operation(RecordReader& reader, const JsonMember& member) {
    const std::string_view text = member.value.is_string() ? member.value.text() : std::string_view();
    if (text == "delete")
        reader.record.operation = Operation::remove;
    else if (text != "upsert")
        reader.bad_operation = &member;
}

// Puts a member whose name is known where it belongs.
void collect_known(RecordReader& reader, const JsonMember& member, int number) {
    const MemberName& name = reader.entity.names[number];
    const bool of_field = name.role == Role::field || name.role == Role::reference_form;
    if (of_field && !reader.entity.fields[static_cast<std::size_t>(name.index)].mapped())
        reader.ignored.push_back({&member, Ignored::Why::unmapped});
    else if (name.role == Role::read_only)
        reader.ignored.push_back({&member, Ignored::Why::read_only});
    else if (name.role == Role::operation)
        read_operation(reader, member);
    else
        reader.sent[static_cast<std::size_t>(number)] = &member;
}

// True if members without a field or a column go into the value of "metadata".
bool keeps_unknown_in_metadata(const RecordReader& reader) {
    if (reader.context.options.unknown_fields != UnknownFields::metadata) return false;
    const Field* field = reader.entity.find("metadata");
    return field && field->mapped() && !field->reference &&
           reader.entity.columns[static_cast<std::size_t>(field->column)].kind == ValueKind::json;
}

// A name that is not known, or known but read-only: silent, a warning or a fault, as the option says.
void report_not_taken(RecordReader& reader, const JsonMember& member, bool read_only) {
    const UnknownFields choice = reader.context.options.unknown_fields;
    const Reason reason = read_only ? Reason::read_only : Reason::unknown_field;
    if (choice == UnknownFields::ignore) return;
    if (choice == UnknownFields::error)
        reader.add_fault(value_fault(read_only ? Code::read_only : Code::unknown_field, reason, member.value),
                         member.name);
    else
        reader.record.warnings.push_back(make_warning(read_only ? "READ_ONLY" : "UNKNOWN_FIELD",
                                                      reader.record.path + shorten(member.name, shown_in_path),
                                                      reason));
}

// A field that nothing is written to, and why.
void report_unmapped(RecordReader& reader, const JsonMember& member) {
    const MemberName& name = reader.entity.names[reader.entity.names.find(member.name)];
    const Field& field = reader.entity.fields[static_cast<std::size_t>(name.index)];
    const bool generated =
        std::any_of(reader.entity.columns.begin(), reader.entity.columns.end(),
                    [&](const Column& column) { return column.generated && column.name == field.column_name; });
    reader.record.warnings.push_back(make_warning("UNMAPPED_FIELD", reader.record.path + std::string(member.name),
                                                  generated ? Reason::generated_column : Reason::unmapped_field));
}

}  // namespace

RecordReader::RecordReader(const Json& json_, const ReadContext& context_, const Enclosing* enclosing_, Record& record_)
    : json(json_),
      context(context_),
      enclosing(enclosing_),
      record(record_),
      entity(*record_.entity),
      memory(buffer.data(), buffer.size()),
      sent(static_cast<std::size_t>(entity.names.size()), nullptr, &memory),
      ignored(&memory),
      hashed(&memory) {
    hashed.reserve(json.members().size() + 4);
}

void RecordReader::add_fault(Fault fault, std::string_view path) {
    fault.path = record.path + shorten(path, shown_in_path) + fault.path;
    record.faults.push_back(std::move(fault));
}

void RecordReader::add_missing(Code code, std::string_view path) {
    Fault fault = make_fault(code, record.path + std::string(path), Reason::required);
    if (replaces()) {
        record.faults.push_back(std::move(fault));
        return;
    }
    fault.hint = "No " + entity.singular + " with this external key exists, so this record would create one.";
    record.creation_faults.push_back(std::move(fault));
}

// Names come nearly sorted, so each finds its place from the end.
void RecordReader::add_hashed(std::string_view name, const Json& value) {
    auto place = hashed.end();
    while (place != hashed.begin() && canonical_less(name, (place - 1)->name))
        --place;
    if (place == hashed.begin() || (place - 1)->name != name) hashed.insert(place, {name, value});
}

void collect_members(RecordReader& reader) {
    const std::span<const JsonMember> members = reader.json.members();
    const bool skips_nulls = reader.context.options.nulls == Nulls::absent;
    for (std::size_t i = 0; i < members.size(); ++i) {
        const JsonMember& member = members[i];
        if (skips_nulls && member.value.is_null()) continue;
        const int number = reader.context.lookup.find(reader.entity.names, i, member.name);
        if (number >= 0)
            collect_known(reader, member, number);
        else
            reader.ignored.push_back(
                {&member, member.name.starts_with('_') ? Ignored::Why::reserved : Ignored::Why::unknown});
    }
}

void report_ignored(RecordReader& reader) {
    const bool unknown_are_kept = !reader.ignored.empty() && keeps_unknown_in_metadata(reader);
    for (const auto& [member, why] : reader.ignored) {
        switch (why) {
            case Ignored::Why::unknown:
                if (!unknown_are_kept) report_not_taken(reader, *member, false);
                break;
            case Ignored::Why::read_only:
                report_not_taken(reader, *member, true);
                break;
            case Ignored::Why::reserved:
                reader.add_fault(value_fault(Code::invalid_payload, Reason::reserved_name, member->value),
                                 member->name);
                break;
            case Ignored::Why::unmapped:
                if (!unknown_are_kept) report_unmapped(reader, *member);
                break;
        }
    }
}

HexHash record_hash(const RecordReader& reader) {
    return reader.context.hasher.canonical(Json::object(reader.hashed));
}

}  // namespace eryxon::core
