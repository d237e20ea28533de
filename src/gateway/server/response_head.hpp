// What stands above the body of a response.
#pragma once

#include "gateway/api/service.hpp"
#include "gateway/base/message.hpp"

#include <string>

namespace eryxon::gateway {

// Status line and headers, closed by the empty line; `connection` is the value of the header Connection, if it says
// something.
std::string response_head(const Response& response, const Trace& trace, std::string_view connection);

// The client's own id if it is a plain one, else a new one.
std::string request_id(const HeaderView* sent);

}  // namespace eryxon::gateway
