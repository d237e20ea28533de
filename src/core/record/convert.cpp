// Conversion of texts, enumerations, dates, uuids, JSON and arrays; numbers are in convert_number.cpp.
#include "core/record/convert.hpp"

#include "core/base/invisible.hpp"
#include "core/json/array_literal.hpp"
#include "core/json/canonical.hpp"
#include "core/json/decimal.hpp"
#include "core/json/fault_reason.hpp"
#include "core/json/fault_text.hpp"

#include <algorithm>
#include <vector>

namespace eryxon::core {

namespace {

// The scalar's text as value aliases know it.
std::string_view alias_text(const Json& json) {
    if (json.is_boolean()) return json.as_bool() ? "true" : "false";
    return json.text();
}

// Lists the words of an enumeration for a message, the first twenty of them.
std::string list_words(const std::vector<std::string>& words) {
    std::string list;
    for (std::size_t i = 0; i < words.size() && i < 20; ++i)
        list += (i ? ", " : "") + words[i];
    if (words.size() > 20) list += ", ...";
    return list;
}

Fault enum_fault(const std::vector<std::string>& words, const Json& json) {
    return value_fault(Code::enum_constraint, Reason::not_allowed, json, {"allowed", list_words(words)});
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

std::optional<Fault> convert_text(const Field& field, const Column& column, const Json& json,
                                  const ReadContext& context, const Converted& out) {
    const auto text = scalar_text(json, context.arena);
    if (!text) return type_fault("text", json);
    out.set(*text);
    out.hashed = json.is_string() ? json : Json::string(*text);
    return check_text(field, column, *text, json, context);
}

// A label of the type that the rule allows too.
std::optional<Fault> convert_enumeration(const Field& field, const Column& column, const Json& json,
                                         const ReadContext& context, const Converted& out) {
    const auto text = scalar_text(json, context.arena);
    if (!text) return type_fault("text", json);
    if (!contains(column.labels, *text)) return enum_fault(field.allowed.empty() ? column.labels : field.allowed, json);
    out.set(*text);
    out.hashed = Json::string(*text);
    return check_text(field, column, *text, json, context);
}

bool is_moment(ValueKind kind) {
    return kind == ValueKind::date || kind == ValueKind::timestamp || kind == ValueKind::timestamptz;
}

// True if the text ends with a time whose seconds have more digits than the column keeps.
bool too_fine(std::string_view text, int fraction_digits) {
    const std::size_t minutes = text.rfind(':');
    const std::size_t point = text.find('.', minutes == text.npos ? text.size() : minutes);
    if (fraction_digits >= 6 || point == text.npos) return false;
    std::string_view digits = text.substr(point + 1);
    digits = digits.substr(0, digits.find_first_not_of("0123456789"));
    const std::size_t last = digits.find_last_not_of('0');
    return last != digits.npos && last >= static_cast<std::size_t>(fraction_digits);
}

// Any other type: its input function in the server reads the text.
std::optional<Fault> convert_other(const Field& field, const Column& column, const Json& json,
                                   const ReadContext& context, const Converted& out) {
    if (json.is_array() && column.element) return convert_array(field, column, json, context, out);
    if (json.is_string() && column.element && is_moment(column.element->kind)) {
        const auto items = parse_array_literal(json.text(), context.arena);
        return items ? convert_array(field, column, *items, context, out) : type_fault("array", json);
    }
    if (!json.is_scalar()) return type_fault("text", json);
    if (json.is_string() && too_fine(json.text(), column.fraction_digits))
        return value_fault(Code::date_format, Reason::fraction_of_second, json, {"limit", column.fraction_digits});
    if (!json.is_boolean()) {
        auto fault = convert_text(field, column, json, context, out);
        const bool cuts = !fault && column.modifier >= 0 && context.keeps && !context.keeps(json.text(), column);
        return cuts ? value_fault(Code::type_mismatch, Reason::cut, json) : fault;
    }
    const std::string_view text = alias_text(json);
    out.set(text);
    out.hashed = Json::string(text);
    return check_text(field, column, text, json, context);
}

std::optional<Fault> convert_boolean(const Json& json, const Converted& out) {
    const bool known = json.is_boolean() || (json.is_string() && (json.text() == "true" || json.text() == "false"));
    if (!known) return type_fault("boolean", json);
    const bool value = json.is_boolean() ? json.as_bool() : json.text() == "true";
    out.set(std::int64_t{value});
    out.hashed = Json::boolean(value);
    return std::nullopt;
}

// True if the fraction has more digits than the column keeps.
bool too_fine(const DateTime& datetime, int fraction_digits) {
    int step = 1;
    for (int i = fraction_digits; i < 6; ++i)
        step *= 10;
    return datetime.finer || datetime.microsecond % step != 0;
}

// True for what may be a date: a string, or an integer of eight digits.
bool is_date_form(const Json& json) {
    if (!json.is_number()) return json.is_string();
    const std::string_view text = json.text();
    return text.size() == 8 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<Fault> convert_datetime(const Column& column, const Json& json, const Converted& out) {
    if (!is_date_form(json)) return type_fault("date", json);
    const auto datetime = parse_datetime(json.text());
    if (!datetime) return value_fault(Code::date_format, Reason::invalid_date, json);
    if (column.kind == ValueKind::date && !datetime->is_midnight())
        return value_fault(Code::date_format, Reason::time_of_day, json);
    if (column.kind != ValueKind::date && too_fine(*datetime, column.fraction_digits))
        return value_fault(Code::date_format, Reason::fraction_of_second, json, {"limit", column.fraction_digits});
    out.set(*datetime);
    return std::nullopt;
}

std::optional<Fault> convert_uuid(const Json& json, const ReadContext& context, const Converted& out) {
    if (!json.is_string()) return type_fault("uuid", json);
    const auto uuid = parse_uuid(json.text());
    if (!uuid) return uuid_fault(json);
    const std::string canonical = to_string(*uuid);
    out.set(*uuid);
    out.hashed = canonical == json.text() ? json : Json::string(context.arena.copy(canonical));
    return std::nullopt;
}

std::optional<Fault> convert_json(const Field& field, const Json& json, const ReadContext& context,
                                  const Converted& out) {
    const bool only_object = field.name == "metadata";
    if (!json.is_object() && (only_object || !json.is_array()))
        return type_fault(only_object ? "object" : "object or array", json);
    out.set(kept_value(json, context));
    out.hashed = json;
    return std::nullopt;
}

// The smaller of the rule's and the column's greatest length, -1 if there is none.
std::int64_t greatest_length(const Field& field, const Column& column) {
    std::int64_t length = field.max_length.value_or(-1);
    if (column.max_length > 0 && (length < 0 || column.max_length < length)) length = column.max_length;
    return length;
}

// Counts characters only where bytes cannot tell. Nothing but blanks has none where some are needed.
std::optional<Fault> check_length(const Field& field, const Column& column, std::string_view text, const Json& json) {
    const std::int64_t greatest = greatest_length(field, column);
    if (greatest >= 0 && text.size() > static_cast<std::size_t>(greatest)) {
        const std::size_t length = count_characters(text);
        if (length > static_cast<std::size_t>(greatest))
            return length_fault(Code::max_length, Reason::too_long, length, static_cast<std::size_t>(greatest), json);
    }
    const auto least = static_cast<std::size_t>(std::max(field.min_length.value_or(0), 0));
    if (least == 0) return std::nullopt;
    const std::size_t length = is_blank(text) ? 0 : least > 1 ? count_characters(text) : 1;
    if (length < least) return length_fault(Code::min_length, Reason::too_short, length, least, json);
    return std::nullopt;
}

}  // namespace

Json kept_value(const Json& json, const ReadContext& context) {
    return context.retain_trees ? json : context.arena.keep(json);
}

std::optional<std::string_view> scalar_text(const Json& json, JsonArena& arena) {
    if (json.is_string()) return json.text();
    if (json.is_number()) return number_text(json.text(), arena);
    return std::nullopt;
}

const Json& resolve_value_alias(const Field& field, const Json& sent) {
    if (field.value_aliases.empty() || !sent.is_scalar() || sent.is_null()) return sent;
    const auto found = field.value_aliases.find(alias_text(sent));
    return found == field.value_aliases.end() ? sent : found->second;
}

std::optional<Fault> convert_present(const Field& field, const Column& column, const Json& json,
                                     const ReadContext& context, const Converted& out) {
    switch (column.kind) {
        case ValueKind::text:
            return convert_text(field, column, json, context, out);
        case ValueKind::integer:
            return convert_integer(field, column, json, context.arena, out);
        case ValueKind::numeric:
            return convert_numeric(field, column, json, context.arena, out);
        case ValueKind::floating:
            return convert_floating(field, json, context.arena, out);
        case ValueKind::boolean:
            return convert_boolean(json, out);
        case ValueKind::date:
        case ValueKind::timestamp:
        case ValueKind::timestamptz:
            return convert_datetime(column, json, out);
        case ValueKind::uuid:
            return convert_uuid(json, context, out);
        case ValueKind::json:
            return convert_json(field, json, context, out);
        case ValueKind::text_array:
            return convert_text_array(field, column, json, context, out);
        case ValueKind::enumeration:
            return convert_enumeration(field, column, json, context, out);
        case ValueKind::other:
            return convert_other(field, column, json, context, out);
    }
    return std::nullopt;
}

std::optional<Fault> convert_value(const Entity& entity, const Field& field, const Json& sent,
                                   const ReadContext& context, const Converted& out) {
    const Column& column = entity.columns[static_cast<std::size_t>(field.column)];
    const bool as_sent = is_moment(column.kind);
    const Json& json = resolve_value_alias(field, sent);
    if (as_sent) out.hashed = sent;
    if (!json.is_null()) return convert_present(field, column, json, context, out);
    if (field.required || column.not_null) return value_fault(Code::not_null, Reason::null_value, sent);
    if (!as_sent) out.hashed = json;
    return std::nullopt;
}

std::optional<std::string_view> integer_text(std::string_view token, JsonArena& arena) {
    if (token.find_first_of(".eE") == token.npos) return token == "-0" ? token.substr(1) : token;
    const auto number = parse_decimal(token);
    if (!number || !number->is_integer() || number->integer_digits() > 131072) return std::nullopt;
    return arena.copy(plain_text(*number));
}

std::string_view number_text(std::string_view token, JsonArena& arena) {
    if (const auto integer = integer_text(token, arena)) return *integer;
    std::string text;
    write_canonical_number(token, text);
    return arena.copy(text);
}

std::size_t count_characters(std::string_view utf8) {
    return static_cast<std::size_t>(
        std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::optional<Fault> check_text(const Field& field, const Column& column, std::string_view text, const Json& json,
                                const ReadContext& context) {
    if (!field.allowed.empty() && !contains(field.allowed, text)) return enum_fault(field.allowed, json);
    if (auto fault = check_length(field, column, text, json)) return fault;
    if (!field.pattern.empty() && context.matches && !context.matches(field.pattern, text))
        return value_fault(Code::pattern_mismatch, Reason::pattern, json, {"pattern", field.pattern});
    return std::nullopt;
}

Fault type_fault(std::string_view noun, const Json& json) {
    if (json.is_scalar() && !json.is_null())
        return value_fault(Code::type_mismatch, Reason::invalid_value, json, {"type", noun});
    Fault fault =
        make_fault(Code::type_mismatch, {}, Reason::wrong_type, {{"type", noun}, {"sent", type_phrase(json.type())}});
    fault.value = shown_value(json);
    return fault;
}

Fault uuid_fault(const Json& json) {
    return value_fault(Code::uuid_format, Reason::invalid_value, json, {"type", "uuid"});
}

Fault length_fault(Code code, Reason reason, std::size_t length, std::size_t limit, const Json& json) {
    Fault fault = make_fault(code, {}, reason, {{"length", length}, {"limit", limit}});
    fault.value = shown_value(json);
    return fault;
}

}  // namespace eryxon::core
