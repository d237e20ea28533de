// A record of the ERP on its way to the database: read, checked, converted and hashed.
#pragma once

#include "core/base/lazy_vector.hpp"
#include "core/base/uuid.hpp"
#include "core/json/canonical.hpp"
#include "core/record/datetime.hpp"
#include "core/record/options.hpp"
#include "core/schema/schema.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::core {

// A value converted to its column's kind: the member for that kind counts, and none if it is null. What the views point
// to lives in the document's arena.
struct Value {
    bool is_null = true;
    union {
        std::int64_t integer;   // integer; boolean as 0 or 1
        std::string_view text;  // text, enumeration, numeric and floating (plain or JSON notation), other
        DateTime datetime;      // date, timestamp, timestamptz
        Uuid uuid;
        Json json;  // json; text_array as an array of strings
    };

    Value() : integer(0) {}
    explicit Value(std::int64_t number) : is_null(false), integer(number) {}
    explicit Value(std::string_view characters) : is_null(false), text(characters) {}
    explicit Value(const DateTime& date) : is_null(false), datetime(date) {}
    explicit Value(const Uuid& id) : is_null(false), uuid(id) {}
    explicit Value(const Json& document) : is_null(false), json(document) {}
};

// A sent field and its converted value.
struct FieldValue {
    const Field* field;
    Value value;
};

// A reference as it was sent: the form that counts.
struct ReferenceValue {
    enum class By : std::uint8_t { null, id, external_id, name };
    const Field* field;
    By by = By::null;
    std::string_view path;  // the member that counts: "job_external_id"
    Uuid id{};
    std::string_view source;  // by external_id: own or overriding source
    std::string_view text;    // external id or name
};

enum class Operation : std::uint8_t { upsert, remove };

// One record with its children. `path` stands before the names of its fields in faults: "" or "parts[0].".
struct Record {
    const Entity* entity = nullptr;
    std::string path;
    Operation operation = Operation::upsert;
    bool has_key = false;  // external_id and external_source are both valid
    std::string_view external_id;
    std::string_view source;
    std::span<const FieldValue> values;      // in order of Entity::fields; in the arena
    std::vector<ReferenceValue> references;  // likewise; sent or inherited ones only
    LazyVector<Fault> faults;
    // Required fields that are missing: they count only where the record would be created.
    LazyVector<Fault> creation_faults;
    LazyVector<Warning> warnings;
    HexHash hash;  // empty if has_key is false or the values are faulty
    struct ChildArray {
        const Entity::Children* children;
        std::vector<Record> records;
    };
    LazyVector<ChildArray> children;  // arrays that were sent, in order of Entity::children
};

// True if the text matches the PostgreSQL regular expression.
using PatternMatcher = std::function<bool(std::string_view pattern, std::string_view text)>;

// What the text of a file's cell stands for in a column, or why it stands for nothing.
using CellReader = std::function<std::optional<Fault>(std::string_view cell, const Column& column, Json& value)>;

// A date or time of an array's element as the server takes it in any session.
using MomentText = std::function<std::string(const DateTime& moment, ValueKind kind)>;

// True if a column of this type keeps all of the text, where it has a modifier; also for what is no value of the type.
using TextKeeper = std::function<bool(std::string_view text, const Column& column)>;

// What reading a record needs to know.
struct ReadContext {
    const Schema& schema;
    const Options& options;
    JsonArena& arena;
    PatternMatcher matches;
    bool retain_trees = true;  // what is read lives as long as the arena; else only until the next record is read
    CellReader read_cell{};    // of records from a file; else texts are what they are
    MomentText moment_text{};  // without it dates in arrays stay as they were sent
    TextKeeper keeps{};        // without it texts for types that only the server can read are taken as they are
    mutable Hasher hasher{};
    mutable MemberLookup lookup{};
};

// Reads one top-level record (any JSON value: what is no object becomes a record with the fault INVALID_PAYLOAD).
// All faults of the record and of its children are gathered, none is thrown.
Record read_record(const Entity& entity, const Json& json, const ReadContext& context);
// The same into a record that is new.
void read_record(const Entity& entity, const Json& json, const ReadContext& context, Record& record);

// The fault of a member that holds records and stands twice in one object: the first array would be lost.
Fault records_twice(std::string_view name);

// The top-level records of a bulk payload: an array, {"items":[...]} or {"<entity>":[...]}. Throws CallError
// INVALID_PAYLOAD.
std::span<const Json> bulk_items(const Json& payload, std::string_view entity);

// True if the record or one of its children, at any depth, has a fault.
bool is_faulty(const Record& record);

}  // namespace eryxon::core
