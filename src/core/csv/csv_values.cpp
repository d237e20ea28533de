// Cells as the values that the engine reads.
#include "core/csv/csv_values.hpp"

#include "core/base/assert.hpp"
#include "core/json/json_build.hpp"
#include "core/record/datetime.hpp"

#include <algorithm>
#include <array>

namespace eryxon::core {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool all_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

std::string lower(std::string_view text) {
    std::string copy(text);
    for (char& c : copy)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return copy;
}

// The digits of a whole number, which may be grouped in threes by points; empty if they are grouped in another way.
std::string whole_digits(std::string_view text) {
    std::size_t const first = text.find('.');
    std::string digits(text.substr(0, first));
    bool valid = all_digits(digits) && (first == std::string_view::npos || first <= 3);
    for (std::size_t at = first; valid && at < text.size(); at += 4) {
        std::string_view const group = text.substr(at + 1, 3);
        valid = text[at] == '.' && group.size() == 3 && all_digits(group);
        digits += group;
    }
    return valid ? digits : std::string();
}

Json parsed(std::string_view cell, JsonArena& arena) {
    try {
        return parse_json(cell, arena);
    } catch (const CallError&) {
        return make_string(cell, arena);
    }
}

Json list_value(std::string_view cell, JsonArena& arena) {
    if (cell.front() == '[') return parsed(cell, arena);
    std::vector<Json> items;
    for (std::size_t begin = 0; begin <= cell.size();) {
        std::size_t const end = std::min(cell.find(';', begin), cell.size());
        std::string_view item = cell.substr(begin, end - begin);
        while (!item.empty() && item.front() == ' ')
            item.remove_prefix(1);
        while (!item.empty() && item.back() == ' ')
            item.remove_suffix(1);
        if (!item.empty()) items.push_back(make_string(item, arena));
        begin = end + 1;
    }
    return arena.array(items);
}

// What was made of the cell, or the cell itself.
Json text_or_cell(const std::string& text, std::string_view cell, JsonArena& arena) {
    return make_string(text.empty() ? cell : std::string_view(text), arena);
}

// A part of a date: that many digits at most, at least one.
std::string_view take_digits(std::string_view& text, std::size_t most) {
    std::size_t size = 0;
    while (size < most && size < text.size() && is_digit(text[size]))
        size++;
    std::string_view const digits = text.substr(0, size);
    text.remove_prefix(size);
    return digits;
}

std::string two_digits(std::string_view digits) {
    return std::string(digits.size() == 1 ? 1 : 0, '0').append(digits);
}

bool take_separator(std::string_view& text) {
    if (text.empty() || std::string_view("-./").find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

bool is_number(ValueKind kind) {
    return kind == ValueKind::integer || kind == ValueKind::numeric || kind == ValueKind::floating;
}

std::string number_with_point(std::string_view text) {
    bool const negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    std::size_t const comma = text.find(',');
    std::string const whole = whole_digits(text.substr(0, comma));
    if (whole.empty()) return {};
    std::string const number = (negative ? "-" : "") + whole;
    if (comma == std::string_view::npos) return number;
    std::string_view const fraction = text.substr(comma + 1);
    return all_digits(fraction) ? number + '.' + std::string(fraction) : std::string();
}

std::string iso_date(std::string_view text, DateOrder order) {
    std::string_view const first = take_digits(text, 2);
    if (order == DateOrder::iso || first.empty() || !take_separator(text)) return {};
    std::string_view const second = take_digits(text, 2);
    if (second.empty() || !take_separator(text)) return {};
    std::string_view const year = take_digits(text, 4);
    if (year.size() != 4 || (!text.empty() && text.front() != ' ' && text.front() != 'T')) return {};
    bool const day_first = order == DateOrder::day_first;
    return std::string(year) + '-' + two_digits(day_first ? second : first) + '-' +
           two_digits(day_first ? first : second) + std::string(text);
}

std::optional<bool> boolean_word(std::string_view text) {
    constexpr std::array yes = std::to_array<std::string_view>({"true", "1", "yes", "y", "ja", "j"});
    constexpr std::array no = std::to_array<std::string_view>({"false", "0", "no", "n", "nein", "nee"});
    std::string const word = lower(text);
    if (std::find(yes.begin(), yes.end(), word) != yes.end()) return true;
    if (std::find(no.begin(), no.end(), word) != no.end()) return false;
    return std::nullopt;
}

Json cell_value(std::string_view cell, ValueKind kind, const CsvOptions& options, JsonArena& arena) {
    ERYXON_ASSERT(!cell.empty());
    switch (kind) {
        case ValueKind::integer:
        case ValueKind::numeric:
        case ValueKind::floating:
            return text_or_cell(options.decimal == '.' ? std::string() : number_with_point(cell), cell, arena);
        case ValueKind::boolean: {
            std::optional<bool> const value = boolean_word(cell);
            return value ? Json::boolean(*value) : make_string(cell, arena);
        }
        case ValueKind::date:
        case ValueKind::timestamp:
        case ValueKind::timestamptz: {
            std::string const date = iso_date(cell, options.dates);
            return text_or_cell(parse_datetime(date) ? date : std::string(), cell, arena);
        }
        case ValueKind::json:
            return cell.front() == '{' || cell.front() == '[' ? parsed(cell, arena) : make_string(cell, arena);
        case ValueKind::text_array:
            return list_value(cell, arena);
        default:
            return make_string(cell, arena);
    }
}

}  // namespace eryxon::core
