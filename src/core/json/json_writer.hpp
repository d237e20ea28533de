// Writing a JSON value without white space; how numbers look is the caller's choice. Inside core only.
#pragma once

#include "core/base/text_buffer.hpp"
#include "core/json/json.hpp"

#include <array>
#include <utility>

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

// Appends a member's name between the separator and the colon.
template <class Out>
void write_name(char separator, std::string_view name, Out& out) {
    out.push_back(separator);
    write_string(name, out);
    out.push_back(':');
}

// The same in one go.
inline void write_name(char separator, std::string_view name, TextBuffer& out) {
    char* const start = out.room(name.size() + 4);
    if (!copy_plain(name, start + 2)) return write_name<TextBuffer>(separator, name, out);
    start[0] = separator;
    start[1] = '"';
    start[name.size() + 2] = '"';
    start[name.size() + 3] = ':';
    out.end_at(start + name.size() + 4);
}

// Appends the value; write_number(token, out) appends a number.
template <class Out, class WriteNumber>
void write_value(const Json& value, Out& out, const WriteNumber& write_number) {
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
        case JsonType::array: {
            char separator = '[';
            for (const Json& item : value.items()) {
                out.push_back(std::exchange(separator, ','));
                write_value(item, out, write_number);
            }
            out.append(separator == '[' ? "[]" : "]");
            break;
        }
        case JsonType::object: {
            char separator = '{';
            for (const JsonMember& member : value.members()) {
                write_name(std::exchange(separator, ','), member.name, out);
                write_value(member.value, out, write_number);
            }
            out.append(separator == '{' ? "{}" : "}");
            break;
        }
    }
}

}  // namespace eryxon::core
