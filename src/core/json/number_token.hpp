// JSON's number grammar, split into its parts; inside core only.
#pragma once

#include "core/base/core.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace eryxon::core {

// The parts of a number as it was written. The exponent is cut off at +-exponent_limit.
struct NumberToken {
    static constexpr std::int64_t exponent_limit = std::int64_t{1} << 48;

    bool negative = false;
    std::string_view integer;   // at least one digit
    std::string_view fraction;  // digits after the point, may be empty
    std::int64_t exponent = 0;

    bool is_plain_integer() const { return fraction.data() == nullptr && !has_exponent; }
    bool has_exponent = false;
};

// Splits the text if all of it is one number of JSON's grammar, else nothing.
std::optional<NumberToken> scan_number(std::string_view text);

}  // namespace eryxon::core
