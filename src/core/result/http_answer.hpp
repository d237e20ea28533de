// The bodies of answers over HTTP: {"success":true,"data":…} and {"success":false,"error":{…}}.
#pragma once

#include "core/json/json.hpp"
#include "core/result/http_status.hpp"

#include <string>
#include <string_view>

namespace eryxon::core {

// The body of a success; `data` is JSON text.
std::string http_success(std::string_view data);
// The body of a failure; `details` is a JSON array as text. A hint goes into the message.
std::string http_failure(const HttpFailure& failure, std::string_view message, std::string_view hint,
                         std::string_view details);

// What the body of a call over HTTP holds: the records, and options if it has a member "options" that is an object.
struct HttpPayload {
    Json records;
    Json options;  // an object
};
HttpPayload split_options(const Json& body, JsonArena& arena);

}  // namespace eryxon::core
