// White space and invisible characters as Unicode has them, but for those that only other characters make visible.
#include "core/base/invisible.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace eryxon::core {

namespace {

struct Range {
    char32_t first, last;
    bool has(char32_t c) const { return c >= first && c <= last; }
};

constexpr std::array<Range, 10> spaces = {{{0x09, 0x0d},
                                           {0x20, 0x20},
                                           {0x85, 0x85},
                                           {0xa0, 0xa0},
                                           {0x1680, 0x1680},
                                           {0x2000, 0x200a},
                                           {0x2028, 0x2029},
                                           {0x202f, 0x202f},
                                           {0x205f, 0x205f},
                                           {0x3000, 0x3000}}};

// Controls, soft hyphen, joiners, marks of direction, fillers, variation selectors, byte order mark, tags.
constexpr std::array<Range, 19> hidden = {{{0x00, 0x1f},
                                           {0x7f, 0x9f},
                                           {0xad, 0xad},
                                           {0x34f, 0x34f},
                                           {0x61c, 0x61c},
                                           {0x115f, 0x1160},
                                           {0x17b4, 0x17b5},
                                           {0x180b, 0x180f},
                                           {0x200b, 0x200f},
                                           {0x2028, 0x202e},
                                           {0x2060, 0x206f},
                                           {0x2800, 0x2800},
                                           {0x3164, 0x3164},
                                           {0xfe00, 0xfe0f},
                                           {0xfeff, 0xfeff},
                                           {0xffa0, 0xffa0},
                                           {0xfff0, 0xfffb},
                                           {0x1bca0, 0x1bca3},
                                           {0xe0000, 0xe0fff}}};

template <std::size_t Count>
bool in(const std::array<Range, Count>& ranges, char32_t c) {
    return std::any_of(ranges.begin(), ranges.end(), [c](const Range& range) { return range.has(c); });
}

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

constexpr std::size_t most_bytes = 4;

// The bytes of the character at the beginning of a text that is not empty.
std::size_t first_size(std::string_view text) {
    std::size_t size = 1;
    while (size < std::min(text.size(), most_bytes) && is_continuation(text[size]))
        size++;
    return size;
}

std::size_t last_size(std::string_view text) {
    std::size_t size = 1;
    while (size < std::min(text.size(), most_bytes) && is_continuation(text[text.size() - size]))
        size++;
    return size;
}

// The character that these bytes are.
char32_t decode(std::string_view bytes) {
    auto const first = static_cast<unsigned char>(bytes.front());
    if (bytes.size() == 1) return first;
    char32_t c = first & (0xffU >> (bytes.size() + 1));
    for (char const byte : bytes.substr(1))
        c = (c << 6U) | (static_cast<unsigned char>(byte) & 0x3fU);
    return c;
}

// True for a byte that is one visible character of ASCII.
bool is_plain(char c) {
    return c > ' ' && c < 0x7f;
}

}  // namespace

std::string_view without_outer_space(std::string_view text) {
    while (!text.empty() && !is_plain(text.front()) && in(spaces, decode(text.substr(0, first_size(text)))))
        text.remove_prefix(first_size(text));
    while (!text.empty() && !is_plain(text.back()) && in(spaces, decode(text.substr(text.size() - last_size(text)))))
        text.remove_suffix(last_size(text));
    return text;
}

bool is_blank(std::string_view text) {
    while (!text.empty()) {
        if (is_plain(text.front())) return false;
        char32_t const c = decode(text.substr(0, first_size(text)));
        if (!in(spaces, c) && !in(hidden, c)) return false;
        text.remove_prefix(first_size(text));
    }
    return true;
}

std::optional<std::string> find_invisible(std::string_view text) {
    while (!text.empty()) {
        std::size_t const size = is_plain(text.front()) ? 1 : first_size(text);
        char32_t const c = decode(text.substr(0, size));
        if (in(hidden, c)) {
            std::array<char, 16> name{};
            std::snprintf(name.data(), name.size(), "U+%04X", static_cast<unsigned>(c));
            return name.data();
        }
        text.remove_prefix(size);
    }
    return std::nullopt;
}

}  // namespace eryxon::core
