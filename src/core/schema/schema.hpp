// What an entity's records may hold: the rules of the registry joined with the columns of the attached table.
#pragma once

#include "core/json/json.hpp"
#include "core/schema/member_names.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::core {

// How a column's values are read from JSON. `other` is any type that only the server can read: its text is passed on.
enum class ValueKind : std::uint8_t {
    text,     // text, varchar, char
    integer,  // smallint, integer, bigint
    numeric,
    floating,  // real, double precision
    boolean,
    date,
    timestamp,  // without time zone
    timestamptz,
    uuid,
    json,        // json, jsonb
    text_array,  // text[] and varchar[]
    enumeration,
    other
};

// A column of the attached table, as the catalog has it now.
struct Column {
    std::string name;
    int number = 0;  // attnum
    ValueKind kind = ValueKind::other;
    bool not_null = false;
    bool has_default = false;
    bool generated = false;
    bool key = false;  // in a unique index that a foreign key could point to (a change locks out KEY SHARE)
    std::int64_t min = 0, max = 0;          // of an integer type
    int max_length = 0;                     // characters, of varchar(n) and char(n); 0 = none
    int precision = 0, scale = -1;          // of numeric(p,s); scale -1 = any
    int fraction_digits = 6;                // of timestamps and times
    std::uint32_t type = 0;                 // oid, under its domain
    std::int32_t modifier = -1;             // of interval(p), interval hour and bit(n), which cut; -1 = none
    std::vector<std::string> labels;        // of an enum
    std::shared_ptr<const Column> element;  // of an array, but for text_array
};

enum class Write : std::uint8_t {
    always,
    create,         // when the record is created
    forward,        // towards the end of its enum; the shop floor may be further
    until_started,  // until the row, or one below it, has been started
};

// "references" of a rule.
struct Reference {
    std::string entity;
    bool by_name = false;      // match = "name": <field>_name is accepted too
    bool parent = false;       // the row belongs to the referenced one: it is deleted and restored with it
    std::string children_key;  // the array's name in the parent's record; empty = none
};

// One mapped field. Names under which it may be sent: `name`, then `aliases`; for a reference instead
// <name>_id, <name>_external_id, <name>_external_source and, by name, <name>_name.
struct Field {
    std::string name;
    std::string column_name;
    std::vector<std::string> aliases;
    const Json* default_value = nullptr;  // already in JSON; never "next"
    bool default_next = false;            // greatest live value + 1 (within the parent, else the tenant)
    bool required = false;
    std::vector<std::string> allowed;                        // "enum"; empty = any
    std::map<std::string, Json, std::less<>> value_aliases;  // by the scalar's text
    std::optional<std::string> min, max;                     // JSON number tokens
    std::optional<int> min_length, max_length;               // characters
    std::string pattern;                                     // a PostgreSQL regular expression; empty = none
    Write write = Write::always;
    std::optional<Reference> reference;

    // Joined from the catalog: index into Entity::columns, -1 where the table lacks the column, or it is generated, or
    // it is no uuid and the field a reference (then the field is unmapped there).
    int column = -1;

    bool mapped() const { return column >= 0; }
};

// An attached entity.
struct Entity {
    std::string name;           // "jobs"
    std::string singular;       // "job"
    std::uint32_t table = 0;    // its oid
    int order = 0;              // dependency order: 0 first; also the order of locks
    std::vector<Field> fields;  // in order of name
    std::vector<Column> columns;
    std::vector<std::string> natural_key;  // field names; empty = none
    bool soft_delete = true;
    bool calls_only = false;     // a plain DELETE is real
    std::optional<bool> events;  // whether changes become events; none: the setting decides
    bool has_updated_at = false;
    bool updated_at_has_default = false;  // which says when a new row was made
    // One per child array that its records may carry.
    struct Children {
        std::string key;     // "parts"
        std::string entity;  // "parts"
        std::string field;   // the child's reference to this entity: "job"
    };
    std::vector<Children> children;
    MemberNames names;  // every name that a member of a record may have; made by link()

    const Field* find(std::string_view field) const;
};

// All attached entities, by name, with the sources that are known for the tenant left out: those are data.
struct Schema {
    std::vector<Entity> entities;  // in dependency order
    JsonArena arena;               // holds the rules' JSON values

    const Entity* find(std::string_view entity) const;
};

}  // namespace eryxon::core
