// Lossless conversion of JSON values to the kinds of columns, and the rules' checks on them.
#pragma once

#include "core/json/fault_reason.hpp"
#include "core/record/record.hpp"

#include <memory>
#include <optional>
#include <string_view>

namespace eryxon::core {

// Where a converted value goes: for its column, and as it stands in the hash.
struct Converted {
    Value& value;
    Json& hashed;

    // Makes the value in its place.
    template <class T>
    void set(const T& content) const {
        std::construct_at(&value, content);
    }
};

// The value that stands for a sent one: its value alias if the rule has one for the scalar's text, else itself.
const Json& resolve_value_alias(const Field& field, const Json& sent);

// Converts a sent value (or a rule's default) for the field's column and checks it against column and rule. Fills
// `out`; returns the fault otherwise, which has no path yet. Null is converted to null unless the field is required or
// its column NOT NULL. The field must be mapped.
std::optional<Fault> convert_value(const Entity& entity, const Field& field, const Json& sent,
                                   const ReadContext& context, const Converted& out);

// A number as text: an integer as its digits, anything else in canonical form.
std::string_view number_text(std::string_view token, JsonArena& arena);
// The digits of a JSON number that is an integer (1001, also 1001.0 and 1e3), else nothing.
std::optional<std::string_view> integer_text(std::string_view token, JsonArena& arena);

// Length in Unicode code points.
std::size_t count_characters(std::string_view utf8);

// The checks of convert_value() that are shared by its parts; `json` is what the fault shows.
std::optional<Fault> check_text(const Field& field, const Column& column, std::string_view text, const Json& json,
                                const ReadContext& context);

// Converts a value that is not null, and no alias, for a column.
std::optional<Fault> convert_present(const Field& field, const Column& column, const Json& json,
                                     const ReadContext& context, const Converted& out);
// The text that a scalar is taken as, where texts and numbers are accepted.
std::optional<std::string_view> scalar_text(const Json& json, JsonArena& arena);
// The value as it may stay in the record.
Json kept_value(const Json& json, const ReadContext& context);

// Conversion of arrays: to texts, each checked as one; to any other type, each converted as for a column of it.
std::optional<Fault> convert_text_array(const Field& field, const Column& column, const Json& json,
                                        const ReadContext& context, const Converted& out);
std::optional<Fault> convert_array(const Field& field, const Column& column, const Json& json,
                                   const ReadContext& context, const Converted& out);

// Conversion of numbers.
std::optional<Fault> convert_integer(const Field& field, const Column& column, const Json& json, JsonArena& arena,
                                     const Converted& out);
std::optional<Fault> convert_numeric(const Field& field, const Column& column, const Json& json, JsonArena& arena,
                                     const Converted& out);
std::optional<Fault> convert_floating(const Field& field, const Json& json, JsonArena& arena, const Converted& out);

// The fault TYPE_MISMATCH: `invalid integer "12abc"`.
Fault type_fault(std::string_view noun, const Json& json);
// The fault UUID_FORMAT.
Fault uuid_fault(const Json& json);
// The fault of a text with too many or too few characters.
Fault length_fault(Code code, Reason reason, std::size_t length, std::size_t limit, const Json& json);

}  // namespace eryxon::core
