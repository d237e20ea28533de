// The options of a CSV import that are not the engine's.
#include "core/csv/csv_options.hpp"

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

char read_delimiter(std::string_view name, const Json& value) {
    std::string_view const text = text_of(name, value);
    if (text == "tab" || text == "\\t") return '\t';
    if (text.size() != 1 || std::string_view(",;\t|").find(text) == std::string_view::npos)
        refuse(name, value, "\",\", \";\", \"|\" or \"tab\"");
    return text.front();
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

bool read_header(std::string_view name, const Json& value) {
    if (!value.is_boolean()) refuse(name, value, "true or false");
    return value.as_bool();
}

void read_mapping(std::string_view name, const Json& value, CsvOptions& options) {
    if (!value.is_object()) refuse(name, value, "an object of column names and fields");
    for (const JsonMember& member : value.members()) {
        if (!member.value.is_null() && !member.value.is_string())
            refuse(name, value, "an object of column names and fields");
        std::optional<std::string> field;
        if (member.value.is_string()) field = member.value.text();
        options.mapping.emplace_back(member.name, std::move(field));
    }
}

using Reader = void (*)(std::string_view name, const Json& value, CsvOptions& options);

struct Known {
    std::string_view name;
    Reader read;
};

constexpr std::array<Known, 9> known_options = {{
    {"delimiter",
     [](std::string_view name, const Json& value, CsvOptions& to) { to.delimiter = read_delimiter(name, value); }},
    {"encoding", [](std::string_view name, const Json& value, CsvOptions& to) { to.encoding = text_of(name, value); }},
    {"header",
     [](std::string_view name, const Json& value, CsvOptions& to) {
         to.header = read_header(name, value);
         to.find_header = false;
     }},
    {"decimal",
     [](std::string_view name, const Json& value, CsvOptions& to) { to.decimal = read_decimal(name, value); }},
    {"date_format",
     [](std::string_view name, const Json& value, CsvOptions& to) { to.dates = read_dates(name, value); }},
    {"repeated_keys", [](std::string_view name, const Json& value,
                         CsvOptions& to) { to.repeated_keys = read_repeated_keys(name, value); }},
    {"null_token",
     [](std::string_view name, const Json& value, CsvOptions& to) { to.null_token = text_of(name, value); }},
    {"external_source",
     [](std::string_view name, const Json& value, CsvOptions& to) { to.external_source = text_of(name, value); }},
    {"mapping", read_mapping},
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
        if (known == known_options.end())
            rest.push_back(member);
        else if (!member.value.is_null())
            known->read(known->name, member.value, read);
    }
    others = arena.object(rest);
    return read;
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
