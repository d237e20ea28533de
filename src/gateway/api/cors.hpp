// What pages of other origins may do (the CORS protocol of the Fetch standard).
#pragma once

#include "gateway/base/message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::gateway {

// An origin as browsers write it, scheme://host[:port] in lower case, or "*"; nothing for other text.
std::optional<std::string> read_origin(std::string_view text);

// The headers that every answer to the request has. None if no origin is allowed.
std::vector<Header> cors_headers(const Request& request, const std::vector<std::string>& origins);

// The answer to a browser that asks before it sends a request of one of these methods; nothing if it does not ask, or
// its page is of an origin that may not.
std::optional<Response> answer_preflight(const Request& request, const std::vector<std::string>& origins,
                                         std::string_view methods);

}  // namespace eryxon::gateway
