// Query strings: taking them apart, and making the arguments of a function of them.
#pragma once

#include "gateway/api/router.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::gateway {

struct Parameter {
    std::string name;
    std::string value;
};

// Undoes percent-encoding (and plus for blank); nothing if it is malformed, holds NUL or is not UTF-8.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank);

// The parameters in order; nothing if one cannot be decoded.
std::optional<std::vector<Parameter>> parse_query(std::string_view query);

// The arguments of a route's function under their names there; throws Failure 400 for unknown and repeated ones. A
// list's unknown ones are filters by field, and together one argument.
std::vector<Parameter> route_arguments(Endpoint endpoint, std::vector<Parameter> parameters);

// The arguments of a form posted to /rpc: of repeated fields the last.
std::vector<Parameter> form_arguments(std::vector<Parameter> fields);

// The arguments of a GET on /rpc: without the names that PostgREST reserves; of repeated ones the last.
std::vector<Parameter> rpc_arguments(std::vector<Parameter> parameters);

// A JSON object with every value as a string, for json_to_record().
std::string arguments_json(const std::vector<Parameter>& arguments);

}  // namespace eryxon::gateway
