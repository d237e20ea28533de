// One record while it is being read: what record.cpp, record_fields.cpp and references.cpp share.
#pragma once

#include "core/record/record.hpp"

#include <array>
#include <cstddef>
#include <memory_resource>
#include <vector>

namespace eryxon::core {

// The record that a nested one stands in, and the array.
struct Enclosing {
    const Record& record;
    const Entity::Children& children;
};

// A member that is not taken, and why.
struct Ignored {
    enum class Why : std::uint8_t { unknown, reserved, read_only, unmapped };
    const JsonMember* member;
    Why why;
};

// A record and the working memory of its reading, which is on the stack for records of ordinary size.
struct RecordReader {
    RecordReader(const Json& json, const ReadContext& context, const Enclosing* enclosing, Record& record);

    const Json& json;
    const ReadContext& context;
    const Enclosing* enclosing;
    Record& record;
    const Entity& entity;

    std::array<std::byte, 4096> buffer;
    std::pmr::monotonic_buffer_resource memory;
    std::pmr::vector<const JsonMember*> sent;   // by number of Entity::names; nullptr = not sent
    const JsonMember* bad_operation = nullptr;  // _op, if it is none that is known
    std::pmr::vector<Ignored> ignored;          // in the members' order
    std::pmr::vector<JsonMember> hashed;        // what stands in the hash, in canonical order
    FieldValue* values = nullptr;               // in the arena
    std::size_t value_count = 0;

    bool replaces() const { return context.options.update_strategy == UpdateStrategy::replace; }
    // The member as it was sent under the name of that number, or nullptr.
    const JsonMember* sent_as(int number) const { return sent[static_cast<std::size_t>(number)]; }

    // Keeps a fault; its path is taken relative to the record.
    void add_fault(Fault fault, std::string_view path);
    // Keeps a fault of a missing required field: at once under "replace", else for the case that the record is created.
    void add_missing(Code code, std::string_view path);
    // Puts a member into the hash, unless one of that name is in it.
    void add_hashed(std::string_view name, const Json& value);
};

// Sorts the members by name into `sent` and `ignored`, and reads _op.
void collect_members(RecordReader& reader);
// Reads external_id and external_source, of which a nested record inherits the second; and faults a wrong _op.
void read_key(RecordReader& reader);
// Reads a field that is no reference.
void read_field(RecordReader& reader, int index);
// Reads a reference in its forms; a nested record inherits the one to its parent.
void read_reference(RecordReader& reader, int index);
// Says what was not taken: as warnings or faults, as the option unknown_fields has it.
void report_ignored(RecordReader& reader);
// The hash of what was put into it.
HexHash record_hash(const RecordReader& reader);

// Reads a text that names a row in the ERP: a string, or an integer as its digits. The fault has no path yet.
std::optional<Fault> read_identifier(const Json& json, JsonArena& arena, std::string_view& out);
// The fault of an identifier with a character that cannot be seen: it would be another one that looks the same.
std::optional<Fault> check_visible(std::string_view text, const Json& json);

}  // namespace eryxon::core
