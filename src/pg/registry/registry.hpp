// The registry as the engine uses it: rules and tables of all attached entities, kept until something changes.
#pragma once

#include "core/base/error.hpp"
#include "core/schema/schema.hpp"
#include "pg/server/prelude.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace eryxon::pg {

// A unique index of an attached table whose columns are all plain ones.
struct UniqueIndex {
    Oid oid;
    std::vector<int> columns;  // attribute numbers
    bool live_only;            // its condition is about deleted_at: deleted rows are not in it
};

// How a column's values travel in an unnest() parameter.
struct ParamType {
    Oid element = InvalidOid;  // type of the elements; text for what only the type's own input can read
    Oid array = InvalidOid;
    std::int16_t length = 0;
    bool by_value = false;
    char alignment = 'i';
    std::string cast;  // "::schema.type" that the statement needs, or empty
};

// What only the server side needs to know of an entity's table.
struct Table {
    Oid oid;
    std::string name;                    // quoted, with schema
    std::unordered_map<int, Oid> types;  // of the columns, by attribute number
    std::unordered_map<int, Oid> collations;
    std::vector<ParamType> param_types;  // by index into core::Entity::columns
    Oid external_key_index = InvalidOid;
    std::vector<UniqueIndex> unique_indexes;  // others than those of id and the external key
    std::vector<int> unique_columns;          // all columns of these, without tenant_id
    bool foreign_triggers = false;            // triggers that are neither ours nor a foreign key's
    std::optional<core::Fault> unusable;      // it lost what the engine relies on
};

// One state of the registry. Calls hold on to theirs while newer ones are loaded.
struct Registry {
    core::Schema schema;
    std::unordered_map<std::string, Table> tables;      // by entity
    std::unordered_map<std::string, std::string> lost;  // entities whose table is gone: why

    // Throws CallError ENTITY_UNUSABLE.
    const Table& table(const core::Entity& entity) const;
    // Why it would throw that, or nullptr.
    const core::Fault* unusable(const core::Entity& entity) const;
    // Throws CallError UNKNOWN_ENTITY with a hint.
    const core::Entity& entity(std::string_view name) const;
    // The entity that is attached to the table (or to its partitioned parent), or nullptr.
    const core::Entity* entity_of(Oid table) const;
};

// The registry's present state. Needs an SPI connection.
std::shared_ptr<const Registry> registry();

// The same, with the tables of these entities and all they refer to or carry locked against ALTER TABLE until the
// transaction ends, so that the state stays true. Unknown names are passed over.
std::shared_ptr<const Registry> locked_registry(std::span<const std::string_view> entities);

// Registers the callbacks that mark the state stale; called once when the library is loaded.
void register_catalog_callbacks();

// The name, quoted for use in SQL.
std::string quoted(std::string_view name);
// The relation's name with its schema, quoted.
std::string qualified_relation(Oid relation);
// The type's name with its schema, quoted.
std::string qualified_type(Oid type);
// "OPERATOR(schema.=)" for two values of the type.
std::string equality(Oid type);

}  // namespace eryxon::pg
