// What stands above the body of a response.
#pragma once

#include "gateway/message.hpp"
#include "gateway/service.hpp"

#include <string>

namespace eryxon::gateway {

// Status line and headers, closed by the empty line.
std::string response_head(const Response& response, const Trace& trace, bool keep_alive);

// The client's own id if it is a plain one, else a new one.
std::string request_id(const HeaderView* sent);

}  // namespace eryxon::gateway
