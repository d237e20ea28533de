// Conversion of JSON arrays to arrays of texts, and of any other type.
#include "core/json/fault_reason.hpp"
#include "core/json/json_build.hpp"
#include "core/record/convert.hpp"

#include <string>
#include <vector>

namespace eryxon::core {

namespace {

// An array that is being written as the server's input takes it, and as it stands in the hash.
struct ArrayText {
    const Field& field;
    const Column& element;
    const ReadContext& context;
    std::string literal;
};

// An element in the quotes of an array.
void append_quoted(std::string_view text, std::string& literal) {
    literal += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') literal += '\\';
        literal += c;
    }
    literal += '"';
}

// A converted element as the input of its type takes it.
std::string element_text(const ArrayText& array, const Json& sent, const Value& value, const Json& hashed) {
    const ValueKind kind = array.element.kind;
    switch (kind) {
        case ValueKind::boolean:
            return value.integer != 0 ? "true" : "false";
        case ValueKind::integer:
        case ValueKind::numeric:
        case ValueKind::floating:
            return std::string(hashed.text());
        case ValueKind::date:
        case ValueKind::timestamp:
        case ValueKind::timestamptz:
            return array.context.moment_text ? array.context.moment_text(value.datetime, kind)
                                             : std::string(sent.text());
        case ValueKind::uuid:
            return to_string(value.uuid);
        case ValueKind::json:
            return json_text(sent);
        default:
            return std::string(value.text);
    }
}

std::optional<Fault> append_array(ArrayText& array, const Json& json, Json& hashed);

// Adds one element: null, an array of more dimensions, or a value.
std::optional<Fault> append_element(ArrayText& array, const Json& json, Json& hashed) {
    hashed = json;
    if (json.is_null()) {
        array.literal += "NULL";
        return std::nullopt;
    }
    if (json.is_array() && array.element.kind != ValueKind::json) return append_array(array, json, hashed);
    Value value;
    if (auto fault = convert_present(array.field, array.element, json, array.context, {value, hashed})) return fault;
    append_quoted(element_text(array, json, value, hashed), array.literal);
    return std::nullopt;
}

std::optional<Fault> append_array(ArrayText& array, const Json& json, Json& hashed) {
    std::vector<Json> items(json.items().size());
    array.literal += '{';
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (i > 0) array.literal += ',';
        if (auto fault = append_element(array, json.items()[i], items[i])) {
            add_element(*fault, i);
            return fault;
        }
    }
    array.literal += '}';
    hashed = array.context.arena.array(items);
    return std::nullopt;
}

}  // namespace

std::optional<Fault> convert_array(const Field& field, const Column& column, const Json& json,
                                   const ReadContext& context, const Converted& out) {
    ArrayText array{field, *column.element, context, {}};
    if (auto fault = append_array(array, json, out.hashed)) return fault;
    out.set(context.arena.copy(array.literal));
    return std::nullopt;
}

// The array itself is kept if all elements are strings already.
std::optional<Fault> convert_text_array(const Field& field, const Column& column, const Json& json,
                                        const ReadContext& context, const Converted& out) {
    if (!json.is_array()) return type_fault("array of text", json);
    std::vector<Json> items;
    bool converted = false;
    for (std::size_t i = 0; i < json.items().size(); ++i) {
        const Json& item = json.items()[i];
        const auto text = scalar_text(item, context.arena);
        std::optional<Fault> fault = text ? check_text(field, column, *text, item, context) : type_fault("text", item);
        if (fault) {
            add_element(*fault, i);
            return fault;
        }
        converted = converted || !item.is_string();
        items.push_back(Json::string(*text));
    }
    out.hashed = converted ? context.arena.array(items) : kept_value(json, context);
    out.set(out.hashed);
    return std::nullopt;
}

}  // namespace eryxon::core
