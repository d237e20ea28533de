// Looking at eight characters at a time. Inside core only.
#pragma once

#include "core/base/assert.hpp"
#include "core/base/core.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace eryxon::core {

// Eight characters as a number, the first one lowest.
inline std::uint64_t load8(const char* text) {
    std::uint64_t word = 0;
    std::memcpy(&word, text, sizeof word);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

// The reverse of load8().
inline void store8(std::uint64_t word, char* text) {
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    std::memcpy(text, &word, sizeof word);
}

inline constexpr std::uint64_t ones8 = 0x0101010101010101;
inline constexpr std::uint64_t highs8 = 0x8080808080808080;

// Marks, by its highest bit, the first character that equals c; what is marked behind it does not count.
inline std::uint64_t find8(std::uint64_t word, char c) {
    const std::uint64_t zero = word ^ (ones8 * static_cast<unsigned char>(c));
    return (zero - ones8) & ~zero & highs8;
}

// Marks likewise the first character below 0x20.
inline std::uint64_t find8_control(std::uint64_t word) {
    return (word - ones8 * 0x20) & ~word & highs8;
}

// The place of the first mark; there must be one.
inline std::size_t first8(std::uint64_t marks) {
    ERYXON_ASSERT(marks != 0);
    return static_cast<std::size_t>(std::countr_zero(marks)) / 8;
}

// True if the names are equal: a comparison for short texts, which looks at their ends and at what is between only if
// it must.
inline bool equal_names(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    if (a.empty()) return true;
    if (a.size() < 8) return std::memcmp(a.data(), b.data(), a.size()) == 0;
    const std::size_t last = a.size() - 8;
    return load8(a.data()) == load8(b.data()) && load8(a.data() + last) == load8(b.data() + last) &&
           (a.size() <= 16 || std::memcmp(a.data() + 8, b.data() + 8, last - 8) == 0);
}

}  // namespace eryxon::core
