// The options of a CSV import that are not the engine's.
#include "core/csv/csv_options.hpp"

#include "core/json/decimal.hpp"
#include "core/json/fault_text.hpp"

#include <algorithm>
#include <array>

namespace eryxon::core {

namespace {

[[noreturn]] void refuse(std::string_view name, const Json& value, const std::string& expected) {
    throw CallError(Fault{Code::invalid_option, std::string(name), "option " + quoted(name) + " must be " + expected,
                          shown_value(value)});
}

std::string_view text_of(std::string_view name, const Json& value) {
    if (!value.is_string()) refuse(name, value, "a string");
    return value.text();
}

char read_decimal(std::string_view name, const Json& value) {
    std::string_view const text = text_of(name, value);
    if (text != "," && text != ".") refuse(name, value, "\",\" or \".\"");
    return text.front();
}

DateOrder read_dates(std::string_view name, const Json& value) {
    std::string_view const text = text_of(name, value);
    for (DateOrder const order : {DateOrder::iso, DateOrder::day_first, DateOrder::month_first})
        if (text == date_order_name(order)) return order;
    refuse(name, value, "\"YYYY-MM-DD\", \"DD-MM-YYYY\" or \"MM/DD/YYYY\"");
}

RepeatedKeys read_repeated_keys(std::string_view name, const Json& value) {
    std::string_view const text = text_of(name, value);
    if (text == "warn") return RepeatedKeys::warn;
    if (text == "refuse") return RepeatedKeys::refuse;
    if (text != "accept") refuse(name, value, "\"warn\", \"refuse\" or \"accept\"");
    return RepeatedKeys::accept;
}

bool read_bool(std::string_view name, const Json& value) {
    if (!value.is_boolean()) refuse(name, value, "true or false");
    return value.as_bool();
}

char read_group(std::string_view name, const Json& value) {
    std::string_view const text = text_of(name, value);
    if (text.empty()) return '\0';
    if (text.size() != 1 || std::string_view(".,' ").find(text) == std::string_view::npos)
        refuse(name, value, "\".\", \",\", \" \", \"'\" or \"\"");
    return text.front();
}

std::uint64_t read_line(std::string_view name, const Json& value) {
    auto const number = value.is_number() ? parse_decimal(value.text()) : std::nullopt;
    auto const line = number && number->is_integer() ? to_int64(*number) : std::nullopt;
    if (!line || *line < 1) refuse(name, value, "the number of a line");
    return static_cast<std::uint64_t>(*line);
}

constexpr std::string_view mapping_form = "an object of column names and fields";

// The fields of a column: one, several or none.
std::vector<std::string> read_fields(std::string_view name, const Json& value) {
    if (value.is_null()) return {};
    if (value.is_string()) return {std::string(value.text())};
    if (!value.is_array()) refuse(name, value, std::string(mapping_form));
    std::vector<std::string> fields;
    for (const Json& field : value.items()) {
        if (!field.is_string()) refuse(name, value, std::string(mapping_form));
        fields.emplace_back(field.text());
    }
    return fields;
}

// "{Order}/{Pos}" as its texts and columns.
std::vector<CsvPiece> read_template(std::string_view name, const Json& value) {
    std::string_view rest = text_of(name, value);
    std::vector<CsvPiece> pieces;
    while (!rest.empty()) {
        std::size_t const open = std::min(rest.find('{'), rest.size());
        if (open > 0) pieces.push_back({std::string(rest.substr(0, open)), false});
        rest.remove_prefix(open);
        if (rest.empty()) break;
        std::size_t const close = rest.find('}');
        if (close == std::string_view::npos) refuse(name, value, "a text with columns in braces");
        pieces.push_back({std::string(rest.substr(1, close - 1)), true});
        rest.remove_prefix(close + 1);
    }
    return pieces;
}

// {"constant": text} or {"template": "{Order}/{Pos}"}.
std::vector<CsvPiece> read_made(std::string_view name, const Json& value) {
    const JsonMember* const made = value.members().size() == 1 ? &value.members().front() : nullptr;
    if (made != nullptr && made->name == "template") return read_template(name, made->value);
    bool const scalar = made != nullptr && (made->value.is_string() || made->value.is_number());
    if (made == nullptr || made->name != "constant" || !(scalar || made->value.is_boolean()))
        refuse(name, value, "{\"constant\": text} or {\"template\": text}");
    if (scalar) return {{std::string(made->value.text()), false}};
    return {{made->value.as_bool() ? "true" : "false", false}};
}

void read_mapping(std::string_view name, const Json& value, CsvOptions& options) {
    if (!value.is_object()) refuse(name, value, std::string(mapping_form));
    for (const JsonMember& member : value.members())
        if (member.value.is_object())
            options.made.push_back({std::string(member.name), read_made(name, member.value)});
        else
            options.mapping.push_back({std::string(member.name), read_fields(name, member.value)});
}

// The engine reads this option, too, and refuses other words.
void note_unknown_fields(const Json& value, CsvOptions& options) {
    std::string_view const text = value.is_string() ? value.text() : std::string_view();
    options.unknown_fields = text == "ignore"     ? UnknownFields::ignore
                             : text == "error"    ? UnknownFields::error
                             : text == "metadata" ? UnknownFields::metadata
                                                  : UnknownFields::warn;
}

using Reader = void (*)(std::string_view name, const Json& value, CsvOptions& options);

struct Known {
    std::string_view name;
    Reader read;
};

constexpr std::array<Known, 12> known_options = {{
    {"delimiter", [](std::string_view, const Json& value, CsvOptions& to) { to.delimiter = read_delimiter(value); }},
    {"encoding", [](std::string_view name, const Json& value, CsvOptions& to) { to.encoding = text_of(name, value); }},
    {"header",
     [](std::string_view name, const Json& value, CsvOptions& to) {
         to.header = read_bool(name, value);
         to.find_header = false;
     }},
    {"header_line",
     [](std::string_view name, const Json& value, CsvOptions& to) { to.header_line = read_line(name, value); }},
    {"decimal",
     [](std::string_view name, const Json& value, CsvOptions& to) {
         to.number.decimal = read_decimal(name, value);
         to.find_decimal = false;
     }},
    {"grouping",
     [](std::string_view name, const Json& value, CsvOptions& to) {
         to.number.group = read_group(name, value);
         to.find_grouping = false;
     }},
    {"date_format",
     [](std::string_view name, const Json& value, CsvOptions& to) { to.dates = read_dates(name, value); }},
    {"repeated_keys", [](std::string_view name, const Json& value,
                         CsvOptions& to) { to.repeated_keys = read_repeated_keys(name, value); }},
    {"null_token",
     [](std::string_view name, const Json& value, CsvOptions& to) { to.null_token = text_of(name, value); }},
    {"external_source",
     [](std::string_view name, const Json& value, CsvOptions& to) { to.external_source = text_of(name, value); }},
    {"mapping", read_mapping},
    {"only_mapped",
     [](std::string_view name, const Json& value, CsvOptions& to) { to.only_mapped = read_bool(name, value); }},
}};

}  // namespace

CsvOptions read_csv_options(const Json& options, JsonArena& arena, Json& others) {
    others = options;
    CsvOptions read;
    if (!options.is_object()) return read;
    std::vector<JsonMember> rest;
    for (const JsonMember& member : options.members()) {
        auto const known = std::find_if(known_options.begin(), known_options.end(),
                                        [&](const Known& candidate) { return candidate.name == member.name; });
        if (member.name == "unknown_fields") note_unknown_fields(member.value, read);
        if (known == known_options.end())
            rest.push_back(member);
        else if (!member.value.is_null())
            known->read(known->name, member.value, read);
    }
    others = arena.object(rest);
    if (read.find_grouping && read.number.decimal == ',') read.number.group = '.';
    if (read.number.group == read.number.decimal)
        throw CallError(
            Fault{Code::invalid_option, "grouping", "options \"decimal\" and \"grouping\" must differ", {}});
    return read;
}

char read_delimiter(const Json& value) {
    std::string_view const text = text_of("delimiter", value);
    if (text == "tab" || text == "\\t") return '\t';
    if (text.size() != 1 || std::string_view(",;\t|").find(text) == std::string_view::npos)
        refuse("delimiter", value, "\",\", \";\", \"|\" or \"tab\"");
    return text.front();
}

std::string_view date_order_name(DateOrder order) {
    switch (order) {
        case DateOrder::day_first:
            return "DD-MM-YYYY";
        case DateOrder::month_first:
            return "MM/DD/YYYY";
        default:
            return "YYYY-MM-DD";
    }
}

}  // namespace eryxon::core
