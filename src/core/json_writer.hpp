// Writing a JSON value without white space; how numbers look is the caller's choice. Inside core only.
#pragma once

#include "core/json.hpp"
#include "core/text_buffer.hpp"

#include <array>

namespace eryxon::core {

// How many characters at the start of a string's text need no escape.
std::size_t plain_length(std::string_view text);
// The escape of a character that may not stand in a string as it is.
std::string_view escape(char c, std::array<char, 6>& buffer);

// Appends runs of plain characters with the escapes between them; Out is std::string or TextBuffer.
template <class Out>
void write_string(std::string_view text, Out& out) {
    out.push_back('"');
    for (;;) {
        const std::size_t plain = plain_length(text);
        out.append(text.substr(0, plain));
        if (plain == text.size()) break;
        std::array<char, 6> buffer;
        out.append(escape(text[plain], buffer));
        text.remove_prefix(plain + 1);
    }
    out.push_back('"');
}

// Copies a string's text; false if some need an escape.
bool copy_plain(std::string_view text, char* to);

// The same in one go for strings without escapes, as nearly all are.
inline void write_string(std::string_view text, TextBuffer& out) {
    char* const start = out.room(text.size() + 2);
    if (!copy_plain(text, start + 1)) return write_string<TextBuffer>(text, out);
    *start = '"';
    start[text.size() + 1] = '"';
    out.end_at(start + text.size() + 2);
}

// Appends the value; write_number(token, out) appends a number.
template <class Out, class WriteNumber>
void write_value(const Json& value, Out& out, const WriteNumber& write_number) {
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
            write_string(value.text(), out);
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
                write_string(member.name, out);
                out.push_back(':');
                write_value(member.value, out, write_number);
            }
            out.append(separator == 0 ? "{}" : "}");
            break;
    }
}

}  // namespace eryxon::core
