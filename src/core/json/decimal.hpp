// Exact decimal numbers as JSON writes them: questions that doubles cannot answer.
#pragma once

#include "core/base/core.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace eryxon::core {

// A number as sign, significant digits without leading or trailing zeros, and exponent:
// value = (negative ? -1 : 1) * 0.DIGITS * 10^exponent. Zero has no digits, is not negative, exponent 0.
struct Decimal {
    bool negative = false;
    std::string digits;
    std::int64_t exponent = 0;

    bool is_zero() const { return digits.empty(); }
    bool is_integer() const;
    int scale() const;                    // digits after the point, 0 or more
    std::int64_t integer_digits() const;  // digits before the point, 0 or more
};

// Reads JSON's number grammar, nothing else ("+1", "1.", " 1", "0x1" are none).
std::optional<Decimal> parse_decimal(std::string_view text);

// The number in JSON's grammar, of one that has blanks around it, a plus, zeros before it, or no digit on one side of
// its point ("  +0010.50 ", ".5", "5."). Anything else, and what is in that grammar already, stays as it is.
std::string json_number(std::string_view text);

// True if the text is a JSON number that PostgreSQL's numeric can hold: at most 131072 digits before the point and
// 16383 after it. Ask before plain_text() of text from outside: "1e1000000000" is short only here.
bool fits_numeric(std::string_view text);

// The value if it is an integer that fits, else nothing.
std::optional<std::int64_t> to_int64(const Decimal& number);

// -1, 0, 1 as a < b, a = b, a > b.
int compare(const Decimal& a, const Decimal& b);

// Plain notation without exponent ("0.001", "-1200"), as numeric's input takes it.
std::string plain_text(const Decimal& number);

}  // namespace eryxon::core
