// Percent-encoding, and the parameters that the routes take.
#include "gateway/api/query.hpp"

#include "core/json/json.hpp"
#include "gateway/base/failure.hpp"

#include <simdjson.h>
#include <algorithm>

namespace eryxon::gateway {

namespace {

constexpr std::string_view reserved_names[] = {"select", "order", "limit",   "offset",
                                               "and",    "or",    "columns", "on_conflict"};

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// The argument that a parameter of the endpoint becomes; empty if there is none.
std::string_view argument_name(Endpoint endpoint, std::string_view parameter) {
    const EndpointRow* const row = endpoint_row(endpoint);
    if (row == nullptr) return {};
    auto const known = std::find_if(row->parameters.begin(), row->parameters.end(),
                                    [&](const QueryParameter& one) { return one.name == parameter; });
    return known == row->parameters.end() ? std::string_view() : known->argument;
}

// Adds a parameter under that name, which may stand there once.
void add_once(std::vector<Parameter>& arguments, std::string name, Parameter& parameter) {
    if (std::any_of(arguments.begin(), arguments.end(), [&](const Parameter& other) { return other.name == name; }))
        throw bad_request("Repeated query parameter \"" + parameter.name + "\"", "", Style::route);
    arguments.push_back({std::move(name), std::move(parameter.value)});
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
    std::vector<Parameter> arguments, filters;
    for (Parameter& parameter : parameters) {
        std::string const name(argument_name(endpoint, parameter.name));
        if (!name.empty())
            add_once(arguments, name, parameter);
        else if (endpoint == Endpoint::list)
            add_once(filters, parameter.name, parameter);
        else
            throw bad_request("Unknown query parameter \"" + parameter.name + "\"", "", Style::route);
    }
    if (!filters.empty()) arguments.push_back({"filters", arguments_json(filters)});
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
