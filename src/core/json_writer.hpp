// Writing a JSON value without white space; how numbers look is the caller's choice. Inside core only.
#pragma once

#include "core/json.hpp"

namespace eryxon::core {

// Appends the value; write_number(token, out) appends a number.
template <class WriteNumber>
void write_value(const Json& value, std::string& out, const WriteNumber& write_number) {
    char separator = 0;
    const auto separate = [&](char open) {
        out.push_back(separator == 0 ? open : ',');
        separator = ',';
    };
    switch (value.type()) {
        case JsonType::null:
            out.append("null");
            break;
        case JsonType::boolean:
            out.append(value.as_bool() ? "true" : "false");
            break;
        case JsonType::number:
            write_number(value.text(), out);
            break;
        case JsonType::string:
            write_json_string(value.text(), out);
            break;
        case JsonType::array:
            for (const Json& item : value.items()) {
                separate('[');
                write_value(item, out, write_number);
            }
            out.append(separator == 0 ? "[]" : "]");
            break;
        case JsonType::object:
            for (const JsonMember& member : value.members()) {
                separate('{');
                write_json_string(member.name, out);
                out.push_back(':');
                write_value(member.value, out, write_number);
            }
            out.append(separator == 0 ? "{}" : "}");
            break;
    }
}

}  // namespace eryxon::core
