// The five entities with the contract's rules over the tables of eryxon_create_tables(), for tests without a server.
#pragma once

#include "core/record/record.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace eryxon::test {

// The linked schema, with what `change` does to rules and columns before.
std::unique_ptr<core::Schema> make_shop_schema(const std::function<void(core::Schema&)>& change = {});
// The unchanged one, made once.
const core::Schema& shop_schema();

// The entity, field or column of that name, to be changed; fails the program if there is none.
core::Entity& entity_of(core::Schema& schema, std::string_view name);
core::Field& field_of(core::Entity& entity, std::string_view name);
core::Column& column_of(core::Entity& entity, std::string_view name);

// Stands in for the server's regular expressions: knows the pattern of cells.color only, others match anything.
bool matches_pattern(std::string_view pattern, std::string_view text);

// Reads records from JSON text and keeps the memory that they point to.
class Reader {
public:
    explicit Reader(std::string_view options = "{}", const core::Schema& schema = shop_schema());
    core::Record read(std::string_view entity, std::string_view json);
    core::JsonArena& arena() { return arena_; }

private:
    core::JsonArena arena_;
    const core::Schema& schema_;
    core::Options options_;
};

// The faults (or warnings, or creation faults) as one line: "due_date DATE_FORMAT; priority MIN_VALUE".
std::string faults_of(const core::Record& record);
std::string creation_faults_of(const core::Record& record);
std::string warnings_of(const core::Record& record);

// The converted value of the field, or nullptr if the record holds none.
const core::FieldValue* value_of(const core::Record& record, std::string_view field);
// The reference of the field, or nullptr.
const core::ReferenceValue* reference_of(const core::Record& record, std::string_view field);

}  // namespace eryxon::test
