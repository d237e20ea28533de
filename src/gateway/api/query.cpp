// Percent-encoding, and the parameters that the routes take.
#include "gateway/api/query.hpp"

#include "core/json/json.hpp"
#include "gateway/base/failure.hpp"

#include <simdjson.h>
#include <algorithm>
#include <array>

namespace eryxon::gateway {

namespace {

// A parameter of a route and the argument that it becomes; PostgREST reserves some of the first names.
struct Name {
    std::string_view parameter;
    std::string_view argument;
};

constexpr std::array list_names = std::to_array<Name>({
    {"id", "id"},
    {"external_id", "external_id"},
    {"external_source", "external_source"},
    {"status", "status"},
    {"search", "search"},
    {"updated_since", "updated_since"},
    {"include_deleted", "include_deleted"},
    {"sort", "sort_by"},
    {"order", "sort_order"},
    {"limit", "max_rows"},
    {"offset", "skip_rows"},
});
constexpr std::array remove_names = std::to_array<Name>({
    {"id", "id"},
    {"external_id", "external_id"},
    {"external_source", "external_source"},
    {"hard", "hard"},
    {"force", "force"},
});
constexpr std::array status_names = std::to_array<Name>({
    {"entity_type", "entity_type"},
    {"source", "source"},
    {"limit", "max_rows"},
});

constexpr std::array changes_names = std::to_array<Name>({
    {"since", "since"},
    {"entity_type", "entity_type"},
    {"source", "source"},
    {"exclude_source", "exclude_source"},
    {"limit", "max_rows"},
});
constexpr std::array id_names = std::to_array<Name>({{"id", "id"}});
constexpr std::array webhook_log_names = std::to_array<Name>({
    {"webhook_id", "webhook_id"},
    {"status", "status"},
    {"limit", "max_rows"},
    {"offset", "skip_rows"},
});

constexpr std::array run_list_names = std::to_array<Name>({
    {"entity_type", "entity_type"},
    {"source", "source"},
    {"since", "since"},
    {"limit", "max_rows"},
});
constexpr std::array mapping_names = std::to_array<Name>({{"entity", "entity"}, {"source", "source"}});
constexpr std::array statistics_names = std::to_array<Name>({{"days", "days"}});
constexpr std::array rejected_names = std::to_array<Name>({{"run", "run"}});
constexpr std::array inspect_names = std::to_array<Name>({
    {"delimiter", "delimiter"},
    {"encoding", "encoding"},
    {"header", "header"},
    {"header_line", "header_line"},
    {"mapping", "mapping"},
    {"external_source", "external_source"},
});
constexpr std::array import_names = std::to_array<Name>({
    {"dry_run", "dry_run"},
    {"run", "run"},
    {"delimiter", "delimiter"},
    {"encoding", "encoding"},
    {"header", "header"},
    {"header_line", "header_line"},
    {"decimal", "decimal"},
    {"grouping", "grouping"},
    {"date_format", "date_format"},
    {"null_token", "null_token"},
    {"repeated_keys", "repeated_keys"},
    {"nulls", "nulls"},
    {"external_source", "external_source"},
    {"mapping", "mapping"},
    {"only_mapped", "only_mapped"},
    {"results", "results"},
    {"results_limit", "results_limit"},
    {"results_offset", "results_offset"},
    {"on_error", "on_error"},
    {"mode", "mode"},
    {"skip_unchanged", "skip_unchanged"},
    {"update_strategy", "update_strategy"},
    {"children", "children"},
    {"unknown_fields", "unknown_fields"},
    {"deleted", "deleted"},
    {"adopt", "adopt"},
    {"force", "force"},
    {"max_errors", "max_errors"},
    {"client_ref", "client_ref"},
});

constexpr std::string_view reserved_names[] = {"select", "order", "limit",   "offset",
                                               "and",    "or",    "columns", "on_conflict"};

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

template <class Names>
std::string_view argument_name(const Names& names, std::string_view parameter) {
    for (const Name& name : names)
        if (name.parameter == parameter) return name.argument;
    return {};
}

// The argument that a parameter of the endpoint becomes; empty if there is none.
std::string_view argument_name(Endpoint endpoint, std::string_view parameter) {
    switch (endpoint) {
        case Endpoint::list:
            return argument_name(list_names, parameter);
        case Endpoint::remove:
            return argument_name(remove_names, parameter);
        case Endpoint::status:
            return argument_name(status_names, parameter);
        case Endpoint::changes:
            return argument_name(changes_names, parameter);
        case Endpoint::webhook_list:
        case Endpoint::webhook_update:
        case Endpoint::webhook_remove:
        case Endpoint::webhook_rotate:
        case Endpoint::webhook_test:
        case Endpoint::webhook_replay:
        case Endpoint::mapping_remove:
        case Endpoint::key_remove:
            return argument_name(id_names, parameter);
        case Endpoint::webhook_logs:
            return argument_name(webhook_log_names, parameter);
        case Endpoint::inspect:
            return argument_name(inspect_names, parameter);
        case Endpoint::import_file:
            return argument_name(import_names, parameter);
        case Endpoint::csv_rejected:
            return argument_name(rejected_names, parameter);
        case Endpoint::run_list:
            return argument_name(run_list_names, parameter);
        case Endpoint::statistics:
            return argument_name(statistics_names, parameter);
        case Endpoint::mapping_list:
            return argument_name(mapping_names, parameter);
        default:
            return {};
    }
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            int const high = text.size() - i > 2 ? hex_digit(text[i + 1]) : -1;
            int const low = text.size() - i > 2 ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) return std::nullopt;
            out.push_back(static_cast<char>(high * 16 + low));
            i += 2;
        } else {
            out.push_back(text[i] == '+' && plus_is_blank ? ' ' : text[i]);
        }
    }
    if (out.find('\0') != std::string::npos || !simdjson::validate_utf8(out)) return std::nullopt;
    return out;
}

std::optional<std::vector<Parameter>> parse_query(std::string_view query) {
    std::vector<Parameter> parameters;
    while (!query.empty()) {
        std::string_view const pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        if (pair.empty()) continue;
        std::size_t const equals = std::min(pair.find('='), pair.size());
        std::optional<std::string> name = percent_decode(pair.substr(0, equals), true);
        std::optional<std::string> value = percent_decode(pair.substr(std::min(equals + 1, pair.size())), true);
        if (!name || !value) return std::nullopt;
        parameters.push_back({std::move(*name), std::move(*value)});
    }
    return parameters;
}

std::vector<Parameter> route_arguments(Endpoint endpoint, std::vector<Parameter> parameters) {
    std::vector<Parameter> arguments;
    for (Parameter& parameter : parameters) {
        std::string const name(argument_name(endpoint, parameter.name));
        if (name.empty()) throw bad_request("Unknown query parameter \"" + parameter.name + "\"", "", Style::route);
        if (std::any_of(arguments.begin(), arguments.end(), [&](const Parameter& other) { return other.name == name; }))
            throw bad_request("Repeated query parameter \"" + parameter.name + "\"", "", Style::route);
        arguments.push_back({name, std::move(parameter.value)});
    }
    return arguments;
}

std::vector<Parameter> form_arguments(std::vector<Parameter> fields) {
    std::vector<Parameter> arguments;
    for (Parameter& field : fields) {
        auto const same = std::find_if(arguments.begin(), arguments.end(),
                                       [&](const Parameter& other) { return other.name == field.name; });
        if (same != arguments.end())
            same->value = std::move(field.value);
        else
            arguments.push_back(std::move(field));
    }
    return arguments;
}

std::vector<Parameter> rpc_arguments(std::vector<Parameter> parameters) {
    std::erase_if(parameters, [](const Parameter& parameter) {
        return std::find(std::begin(reserved_names), std::end(reserved_names), parameter.name) !=
               std::end(reserved_names);
    });
    return form_arguments(std::move(parameters));
}

std::string arguments_json(const std::vector<Parameter>& arguments) {
    std::string out = "{";
    for (const Parameter& argument : arguments) {
        if (out.size() > 1) out += ',';
        core::write_json_member(argument.name, argument.value, out);
    }
    return out + '}';
}

}  // namespace eryxon::gateway
