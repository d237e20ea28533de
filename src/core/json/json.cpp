// The values of a JSON document: making, reading and writing them, and the order of their members.
#include "core/json/json.hpp"

#include "core/base/bytes8.hpp"
#include "core/base/hex.hpp"
#include "core/json/json_writer.hpp"

#include <algorithm>
#include <cstring>

namespace eryxon::core {

namespace {

// Brings the first bytes of UTF-8 sequences into the order of UTF-16, where the surrogates that stand for
// four-byte characters come before U+E000.
unsigned char utf16_rank(char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0xee) return byte;
    return static_cast<unsigned char>(byte >= 0xf0 ? byte - 2 : byte + 0x10);
}

}  // namespace

// True or false.
Json Json::boolean(bool value) {
    Json json;
    json.type_ = JsonType::boolean;
    json.size_ = value ? 1 : 0;
    return json;
}

// A number that keeps its token.
Json Json::number(std::string_view token) {
    Json json;
    json.type_ = JsonType::number;
    json.data_ = token.data();
    json.size_ = static_cast<std::uint32_t>(token.size());
    return json;
}

// A string that refers to the characters.
Json Json::string(std::string_view utf8) {
    Json json = number(utf8);
    json.type_ = JsonType::string;
    return json;
}

// An array that refers to the items.
Json Json::array(std::span<const Json> items) {
    Json json;
    json.type_ = JsonType::array;
    json.data_ = items.data();
    json.size_ = static_cast<std::uint32_t>(items.size());
    return json;
}

// An object that refers to the members.
Json Json::object(std::span<const JsonMember> members) {
    Json json;
    json.type_ = JsonType::object;
    json.data_ = members.data();
    json.size_ = static_cast<std::uint32_t>(members.size());
    return json;
}

// The items in their order.
std::span<const Json> Json::items() const {
    ERYXON_ASSERT(is_array());
    return {static_cast<const Json*>(data_), size_};
}

// The members in canonical order.
std::span<const JsonMember> Json::members() const {
    ERYXON_ASSERT(is_object());
    return {static_cast<const JsonMember*>(data_), size_};
}

// Searches the sorted members.
const Json* Json::find(std::string_view name) const {
    if (type_ != JsonType::object) return nullptr;
    const std::span<const JsonMember> all = members();
    const auto at = std::lower_bound(
        all.begin(), all.end(), name,
        [](const JsonMember& member, std::string_view wanted) { return canonical_less(member.name, wanted); });
    return at != all.end() && at->name == name ? &at->value : nullptr;
}

// Compares byte by byte; only bytes that begin characters can tell UTF-8's order from UTF-16's.
bool canonical_less(std::string_view a, std::string_view b) {
    const std::size_t common = std::min(a.size(), b.size());
    for (std::size_t i = 0; i < common; ++i) {
        if (a[i] != b[i]) return utf16_rank(a[i]) < utf16_rank(b[i]);
    }
    return a.size() < b.size();
}

// Writes numbers as they were sent.
void write_json(const Json& value, std::string& out) {
    write_value(value, out, [](std::string_view token, std::string& text) { text.append(token); });
}

namespace {

// True if the character may not stand in a string as it is.
bool needs_escape(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

// Marks the first of eight characters that needs an escape.
std::uint64_t find8_escape(std::uint64_t word) {
    return find8_control(word) | find8(word, '"') | find8(word, '\\');
}

}  // namespace

std::string_view escape(char c, std::array<char, 6>& buffer) {
    switch (c) {
        case '"':
            return "\\\"";
        case '\\':
            return "\\\\";
        case '\b':
            return "\\b";
        case '\f':
            return "\\f";
        case '\n':
            return "\\n";
        case '\r':
            return "\\r";
        case '\t':
            return "\\t";
        default:
            break;
    }
    std::memcpy(buffer.data(), "\\u00", 4);
    write_hex(static_cast<unsigned char>(c), buffer.data() + 4);
    return {buffer.data(), buffer.size()};
}

// The last eight are looked at together even if some of them have been seen before.
std::size_t plain_length(std::string_view text) {
    std::size_t length = 0;
    for (; length + 8 <= text.size(); length += 8) {
        const std::uint64_t marks = find8_escape(load8(text.data() + length));
        if (marks != 0) return length + first8(marks);
    }
    if (text.size() >= 8 && find8_escape(load8(text.data() + text.size() - 8)) == 0) return text.size();
    while (length < text.size() && !needs_escape(text[length]))
        ++length;
    return length;
}

// Fewer than eight characters: copies them, and marks what needs an escape.
std::uint64_t copy_few(std::string_view text, char* to) {
    std::uint64_t marks = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        marks |= needs_escape(text[at]);
        to[at] = text[at];
    }
    return marks;
}

// The last eight characters are copied together even if some of them have been before.
bool copy_plain(std::string_view text, char* to) {
    if (text.size() < 8) return copy_few(text, to) == 0;
    std::uint64_t marks = 0;
    const auto copy8 = [&](std::size_t at) {
        const std::uint64_t word = load8(text.data() + at);
        marks |= find8_escape(word);
        store8(word, to + at);
    };
    for (std::size_t at = 0; at + 8 < text.size(); at += 8)
        copy8(at);
    copy8(text.size() - 8);
    return marks == 0;
}

void write_json_string(std::string_view text, std::string& out) {
    write_string(text, out);
}

std::string json_string(std::string_view text) {
    std::string out;
    write_json_string(text, out);
    return out;
}

void write_json_member(std::string_view name, std::string_view text, std::string& out) {
    write_json_string(name, out);
    out.push_back(':');
    write_json_string(text, out);
}

}  // namespace eryxon::core
