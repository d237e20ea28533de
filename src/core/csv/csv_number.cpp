// Numbers as files have them.
#include "core/csv/csv_number.hpp"

#include "core/base/invisible.hpp"

#include <algorithm>
#include <array>

namespace eryxon::core {

namespace {

constexpr std::array blanks = std::to_array<std::string_view>({" ", "\u00A0", "\u202F", "\u2009"});
constexpr std::array apostrophes = std::to_array<std::string_view>({"'", "\u2019"});

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool all_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// The bytes of the group sign that the text begins with; 0 if it begins with none.
std::size_t group_size(std::string_view text, char group) {
    auto const begins = [&](const auto& signs) -> std::size_t {
        for (std::string_view const sign : signs)
            if (text.starts_with(sign)) return sign.size();
        return 0;
    };
    if (group == ' ') return begins(blanks);
    if (group == '\'') return begins(apostrophes);
    return group != '\0' && text.starts_with(group) ? 1 : 0;
}

// The digits of a whole number, with its groups or without any; empty if it is none.
std::string whole_digits(std::string_view text, char group) {
    if (all_digits(text)) return std::string(text);
    std::size_t const first =
        static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
    std::string digits(text.substr(0, first));
    if (digits.empty() || digits.size() > 3 || digits.front() == '0') return {};
    for (text.remove_prefix(first); !text.empty();) {
        std::size_t const sign = group_size(text, group);
        if (sign == 0 || text.size() < sign + 3 || !all_digits(text.substr(sign, 3))) return {};
        digits += text.substr(sign, 3);
        text.remove_prefix(sign + 3);
    }
    return digits;
}

// A number in one of the formats of a decimal sign, and what groups its digits there.
struct Reading {
    std::string number;
    char group = '\0';
};

Reading read(std::string_view cell, char decimal) {
    for (char const group : {'\0', decimal == '.' ? ',' : '.', ' ', '\''})
        if (std::string number = plain_number(cell, {decimal, group}); !number.empty()) return {number, group};
    return {};
}

}  // namespace

std::string plain_number(std::string_view text, NumberFormat format) {
    std::string number;
    text = without_outer_space(text);
    if (text.starts_with('-')) number = "-";
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    std::size_t const point = text.find(format.decimal);
    std::string const whole = point == 0 ? "0" : whole_digits(text.substr(0, point), format.group);
    if (whole.empty()) return {};
    number += whole;
    if (point == std::string_view::npos) return number;
    std::string_view const fraction = text.substr(point + 1);
    return all_digits(fraction) ? number.append(".").append(fraction) : std::string();
}

void NumberSigns::look(std::string_view cell) {
    if (all_digits(cell)) return;
    Reading const point = read(cell, '.'), comma = read(cell, ',');
    if (point.group != '\0') point_.group = point.group;
    if (comma.group != '\0') comma_.group = comma.group;
    if (point.number == comma.number) return;
    point_.proven |= comma.number.empty();
    comma_.proven |= point.number.empty();
    if (point.number.empty() || comma.number.empty()) return;
    if (unclear_++ == 0) example_ = cell;
}

char NumberSigns::decimal() const {
    if (point_.proven != comma_.proven) return point_.proven ? '.' : ',';
    return point_.proven || unclear_ > 0 ? '\0' : '.';
}

}  // namespace eryxon::core
