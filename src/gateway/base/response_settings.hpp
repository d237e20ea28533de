// The settings response.status and response.headers, by which a function shapes its answer.
#pragma once

#include "gateway/base/message.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace eryxon::gateway {

// The status that the text begins with, if it is one between 200 and 599.
std::optional<unsigned> parse_status(std::string_view text);

// Appends the header if it is well-formed and not one that the connection itself answers for; false if malformed.
bool add_response_header(std::vector<Header>& headers, std::string_view name, std::string_view value);

// Reads [{"Name":"value"}, ...] into `headers`; false if malformed.
bool parse_response_headers(std::string_view json, std::vector<Header>& headers);

}  // namespace eryxon::gateway
