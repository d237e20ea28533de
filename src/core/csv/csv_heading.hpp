// What the headings of a CSV file mean.
#pragma once

#include "core/schema/schema.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace eryxon::core {

// A heading without what does not count: case, blanks and invisible characters of every kind, and punctuation. Letters
// with marks are as they are written without them: "ae" for "ä", "e" for "é".
std::string plain_heading(std::string_view heading);

// The name of a record's member that a column's heading means: a field, an alias or a form of a reference; empty if it
// means none.
std::string_view match_heading(const Entity& entity, std::string_view heading);
// The same for a heading that is what people and ERPs call a field in English, Dutch or German.
std::string_view match_synonym(const Entity& entity, std::string_view heading);
// Calls `on_word` with each word of both kinds, as plain_heading() makes it, and the member that it means.
void each_word(const Entity& entity,
               const std::function<void(std::string_view word, std::string_view member)>& on_word);
// True for a heading that means a member in either way.
bool is_known_heading(const Entity& entity, std::string_view heading);

// The field's own name for one of its aliases; other names as they are.
std::string_view own_name(const Entity& entity, std::string_view name);
// The field that a member of that name gives a value to; null if none.
const Field* field_of(const Entity& entity, std::string_view name);
// What the cells of a column for that member are read as; text for what is no field.
ValueKind kind_of(const Entity& entity, std::string_view name);

}  // namespace eryxon::core
