// Conversion of JSON numbers, and of strings that hold one, to integer, numeric and floating columns.
#include "core/json/decimal.hpp"
#include "core/json/fault_reason.hpp"
#include "core/record/convert.hpp"

#include <charconv>
#include <limits>

namespace eryxon::core {

namespace {

// More digits than numeric can hold before and after the point.
constexpr std::int64_t numeric_integer_digits = 131072;
constexpr std::int64_t numeric_scale = 16383;

Fault above(const Json& json, std::string_view limit) {
    return value_fault(Code::max_value, Reason::too_large, json, FaultParam::decimal("limit", limit));
}

Fault below(const Json& json, std::string_view limit) {
    return value_fault(Code::min_value, Reason::too_small, json, FaultParam::decimal("limit", limit));
}

// The number if the whole text is a short plain integer of JSON's grammar.
std::optional<std::int64_t> plain_integer(std::string_view text) {
    std::int64_t value = 0;
    const std::size_t sign = text.starts_with('-');
    if (text.size() > sign + 1 && text[sign] == '0') return std::nullopt;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

// The text of a number, or of a string, in which a number may stand in any form that loses nothing.
std::optional<std::string_view> numeric_token(const Json& json, JsonArena& arena) {
    if (json.is_number() || (json.is_string() && plain_integer(json.text()))) return json.text();
    if (!json.is_string()) return std::nullopt;
    const std::string number = json_number(json.text());
    return number == json.text() ? json.text() : arena.copy(number);
}

// -1, 0, 1 as the value is less than, equal to or greater than the rule's limit.
int compare_to_limit(std::int64_t value, const std::string& limit) {
    if (const auto plain = plain_integer(limit)) return value < *plain ? -1 : value > *plain;
    const auto exact = parse_decimal(limit);
    return exact ? compare(*parse_decimal(std::to_string(value)), *exact) : 0;
}

int compare_to_limit(const Decimal& value, const std::string& limit) {
    const auto exact = parse_decimal(limit);
    return exact ? compare(value, *exact) : 0;
}

// Checks the rule's min and max.
template <typename Number>
std::optional<Fault> check_limits(const Field& field, const Number& value, const Json& json) {
    if (field.min && compare_to_limit(value, *field.min) < 0) return below(json, *field.min);
    if (field.max && compare_to_limit(value, *field.max) > 0) return above(json, *field.max);
    return std::nullopt;
}

// The fault of a number outside what the column's integer type holds.
std::optional<Fault> check_range(const Column& column, std::int64_t value, const Json& json) {
    const bool known = column.min < column.max;
    if (known && value < column.min) return below(json, std::to_string(column.min));
    if (known && value > column.max) return above(json, std::to_string(column.max));
    return std::nullopt;
}

// The fault of a number that double precision cannot hold, or only as zero.
Fault out_of_range(const Decimal& number, const Json& json) {
    const Code code = number.exponent < 0 ? Code::type_mismatch : number.negative ? Code::min_value : Code::max_value;
    return value_fault(code, Reason::out_of_range, json);
}

// Checks the precision and scale of numeric(p,s), and what numeric holds at all.
std::optional<Fault> check_precision(const Column& column, const Decimal& number, const Json& json) {
    const bool limited = column.precision > 0 && column.scale >= 0;
    const std::int64_t digits = limited ? column.precision - column.scale : numeric_integer_digits;
    const std::int64_t scale = limited ? column.scale : numeric_scale;
    if (number.is_zero()) return std::nullopt;
    if (number.exponent <= -numeric_scale || number.scale() > scale)
        return value_fault(Code::type_mismatch, Reason::too_many_decimals, json, {"limit", scale});
    if (number.integer_digits() <= digits) return std::nullopt;
    return value_fault(number.negative ? Code::min_value : Code::max_value, Reason::too_many_digits, json,
                       {"limit", digits});
}

}  // namespace

std::optional<Fault> convert_integer(const Field& field, const Column& column, const Json& json, JsonArena& arena,
                                     const Converted& out) {
    const auto token = numeric_token(json, arena);
    if (!token) return type_fault("integer", json);
    auto value = plain_integer(*token);
    if (!value) {
        const auto exact = parse_decimal(*token);
        if (!exact || !exact->is_integer()) return type_fault("integer", json);
        value = to_int64(*exact);
        const bool known = column.min < column.max;
        if (!value && exact->negative)
            return below(json, std::to_string(known ? column.min : std::numeric_limits<std::int64_t>::min()));
        if (!value) return above(json, std::to_string(known ? column.max : std::numeric_limits<std::int64_t>::max()));
    }
    if (auto fault = check_range(column, *value, json)) return fault;
    out.set(*value);
    out.hashed = Json::number(*token);
    return check_limits(field, *value, json);
}

std::optional<Fault> convert_numeric(const Field& field, const Column& column, const Json& json, JsonArena& arena,
                                     const Converted& out) {
    const auto token = numeric_token(json, arena);
    const auto number = token ? parse_decimal(*token) : std::nullopt;
    if (!number) return type_fault("number", json);
    if (auto fault = check_precision(column, *number, json)) return fault;
    out.set(*token);
    out.hashed = Json::number(*token);
    return check_limits(field, *number, json);
}

std::optional<Fault> convert_floating(const Field& field, const Json& json, JsonArena& arena, const Converted& out) {
    const auto token = numeric_token(json, arena);
    const auto number = token ? parse_decimal(*token) : std::nullopt;
    if (!number) return type_fault("number", json);
    if (number->exponent > 310 || number->exponent < -330) return out_of_range(*number, json);
    double nearest = 0;
    const auto result = std::from_chars(token->data(), token->data() + token->size(), nearest);
    if (result.ec == std::errc::result_out_of_range) return out_of_range(*number, json);
    out.set(*token);
    out.hashed = Json::number(*token);
    return check_limits(field, *number, json);
}

}  // namespace eryxon::core
