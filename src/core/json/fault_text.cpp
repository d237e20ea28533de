// Shows offending values and names in faults.
#include "core/json/fault_text.hpp"

#include "core/json/canonical.hpp"

namespace eryxon::core {

namespace {

// A number looks the same whether jsonb or json text brought it.
std::string number_text(const Json& number) {
    std::string text;
    write_canonical_number(number.text(), text);
    return text;
}

}  // namespace

std::string shorten(std::string_view text, std::size_t limit) {
    if (text.size() <= limit) return std::string(text);
    std::size_t end = limit;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
        --end;
    return std::string(text.substr(0, end)) + "...";
}

std::string quoted(std::string_view text) {
    return '"' + shorten(text, shown_in_message) + '"';
}

std::string quoted(const Json& value) {
    switch (value.type()) {
        case JsonType::string:
            return quoted(value.text());
        case JsonType::number:
            return shorten(number_text(value), shown_in_message);
        case JsonType::boolean:
            return value.as_bool() ? "true" : "false";
        default:
            return std::string(type_phrase(value.type()));
    }
}

std::string shown_value(const Json& value) {
    std::string out;
    if (value.is_string()) {
        write_json_string(shorten(value.text(), shown_in_value), out);
        return out;
    }
    std::string text;
    if (value.type() == JsonType::number)
        text = number_text(value);
    else
        write_json(value, text);
    if (text.size() <= shown_in_value) return text;
    write_json_string(shorten(text, shown_in_value), out);
    return out;
}

std::string_view type_phrase(JsonType type) {
    switch (type) {
        case JsonType::null:
            return "null";
        case JsonType::boolean:
            return "a boolean";
        case JsonType::number:
            return "a number";
        case JsonType::string:
            return "a string";
        case JsonType::array:
            return "an array";
        case JsonType::object:
            return "an object";
    }
    return "";
}

}  // namespace eryxon::core
