// Writing bytes in lower-case hex. Inside core only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace eryxon::core {

// The two digits of every byte.
inline constexpr auto hex_pairs = [] {
    constexpr char digits[] = "0123456789abcdef";
    std::array<std::array<char, 2>, 256> pairs{};
    for (std::size_t byte = 0; byte < pairs.size(); ++byte)
        pairs[byte] = {digits[byte >> 4], digits[byte & 15]};
    return pairs;
}();

// Writes the two digits; returns the place behind them.
inline char* write_hex(std::uint8_t byte, char* to) {
    std::memcpy(to, hex_pairs[byte].data(), 2);
    return to + 2;
}

}  // namespace eryxon::core
