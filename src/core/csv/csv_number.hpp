// Numbers as files have them: with a decimal sign and groups of digits, which the options say, or which have to be
// told from the numbers themselves.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace eryxon::core {

// What stands in numbers beside digits.
struct NumberFormat {
    char decimal = '.';
    // Between groups of three digits: '.', ',', ' ' (any blank), '\'' (or U+2019); NUL: nothing.
    char group = '\0';
};

// The number as JSON has it: "1234.5" for "1.234,5". Empty if the text is no number in that format: groups have three
// digits, the first one to three and no leading zero.
std::string plain_number(std::string_view text, NumberFormat format);

// What the numbers of a file tell of their signs.
class NumberSigns {
public:
    void look(std::string_view cell);

    // '.' or ',' if at least one number can be read in that way only and none only in the other; '.' if no number has
    // a sign; NUL if the numbers do not tell.
    char decimal() const;
    // What groups digits if the decimal sign is that one; NUL if nothing does.
    char group(char decimal) const { return decimal == ',' ? comma_.group : point_.group; }
    // Numbers that mean something else with another decimal sign, and the first one that says nothing clearer.
    std::int64_t unclear() const { return unclear_; }
    const std::string& example() const { return example_; }

private:
    struct Sign {
        bool proven = false;
        char group = '\0';
    };

    Sign point_, comma_;
    std::int64_t unclear_ = 0;
    std::string example_;
};

}  // namespace eryxon::core
