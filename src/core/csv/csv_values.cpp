// Cells as the values that the engine reads.
#include "core/csv/csv_values.hpp"

#include "core/base/invisible.hpp"
#include "core/json/array_literal.hpp"
#include "core/json/fault_reason.hpp"
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

Json parsed(std::string_view cell, JsonArena& arena) {
    try {
        return parse_json(cell, arena);
    } catch (const CallError&) {
        return make_string(cell, arena);
    }
}

Json list_value(std::string_view cell, JsonArena& arena) {
    if (cell.front() == '[') return parsed(cell, arena);
    if (cell.front() == '{')
        if (std::optional<Json> const array = parse_array_literal(cell, arena)) return *array;
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

// The year of one that may have two digits only; empty if it has another number of them.
std::string four_digits(std::string_view year) {
    if (year.size() == 4) return std::string(year);
    return year.size() == 2 ? (year < "70" ? "20" : "19") + std::string(year) : std::string();
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

std::string iso_date(std::string_view text, DateOrder order) {
    std::string_view const first = take_digits(text, 2);
    if (order == DateOrder::iso || first.empty() || !take_separator(text)) return {};
    std::string_view const second = take_digits(text, 2);
    if (second.empty() || !take_separator(text)) return {};
    std::string const year = four_digits(take_digits(text, 4));
    if (year.empty() || (!text.empty() && text.front() != ' ' && text.front() != 'T')) return {};
    bool const day_first = order == DateOrder::day_first;
    return year + '-' + two_digits(day_first ? second : first) + '-' + two_digits(day_first ? first : second) +
           std::string(text);
}

std::string with_24_hours(std::string_view text) {
    std::string const end = lower(text.substr(text.size() - std::min<std::size_t>(text.size(), 2)));
    std::size_t const begin = text.find_first_of(" T") + 1;
    std::size_t const colon = text.find(':', begin);
    if ((end != "am" && end != "pm") || begin == 0 || colon == std::string_view::npos) return std::string(text);
    std::string_view const hour = text.substr(begin, colon - begin);
    if (!all_digits(hour) || hour.size() > 2 || std::stoi(std::string(hour)) - 1U > 11U) return std::string(text);
    int const number = std::stoi(std::string(hour)) % 12 + (end == "pm" ? 12 : 0);
    return std::string(text.substr(0, begin)) + two_digits(std::to_string(number)) +
           std::string(without_outer_space(text.substr(colon, text.size() - 2 - colon)));
}

std::optional<bool> boolean_word(std::string_view text) {
    constexpr std::array yes = std::to_array<std::string_view>({"true", "1", "yes", "y", "ja", "j"});
    constexpr std::array no = std::to_array<std::string_view>({"false", "0", "no", "n", "nein", "nee"});
    std::string const word = lower(text);
    if (std::find(yes.begin(), yes.end(), word) != yes.end()) return true;
    if (std::find(no.begin(), no.end(), word) != no.end()) return false;
    return std::nullopt;
}

namespace {

// The value of a cell that is not empty.
Json cell_value(std::string_view cell, const Column& column, const CsvOptions& options, JsonArena& arena) {
    switch (column.kind) {
        case ValueKind::integer:
        case ValueKind::numeric:
        case ValueKind::floating:
            return text_or_cell(plain_number(cell, options.number), cell, arena);
        case ValueKind::boolean: {
            std::optional<bool> const value = boolean_word(cell);
            return value ? Json::boolean(*value) : make_string(cell, arena);
        }
        case ValueKind::date:
        case ValueKind::timestamp:
        case ValueKind::timestamptz: {
            std::string const local = iso_date(cell, options.dates);
            std::string const date = with_24_hours(local.empty() ? cell : std::string_view(local));
            return text_or_cell(parse_datetime(date) ? date : std::string(), cell, arena);
        }
        case ValueKind::json:
            return cell.front() == '{' || cell.front() == '[' ? parsed(cell, arena) : make_string(cell, arena);
        case ValueKind::text_array:
            return list_value(cell, arena);
        default:
            return column.element && cell.front() != '{' ? list_value(cell, arena) : make_string(cell, arena);
    }
}

}  // namespace

std::optional<Fault> read_cell(std::string_view cell, const Column& column, const CsvOptions& options, JsonArena& arena,
                               Json& value) {
    value = cell.empty() ? make_string(cell, arena) : cell_value(cell, column, options, arena);
    bool const decimal_point = options.number.decimal == ',' && is_number(column.kind) &&
                               cell.find('.') != std::string_view::npos && plain_number(cell, options.number).empty();
    if (!decimal_point) return std::nullopt;
    Fault fault = value_fault(Code::type_mismatch, Reason::invalid_value, value, {"type", "number"});
    fault.hint = "The decimal sign is a comma; points stand between groups of three digits.";
    return fault;
}

}  // namespace eryxon::core
