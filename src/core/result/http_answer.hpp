// The bodies and statuses of answers over HTTP: {"success":true,"data":…} and {"success":false,"error":{…}}.
#pragma once

#include "core/base/error.hpp"
#include "core/json/json.hpp"

#include <string>
#include <string_view>

namespace eryxon::core {

// A kind of failed request.
struct HttpFailure {
    std::string_view code;  // a literal, such as "VALIDATION_ERROR"
    int status;
};

inline constexpr HttpFailure http_unauthorized{"UNAUTHORIZED", 401};

// The kind that a fault of the call is.
HttpFailure http_failure_of(const Fault& fault);
// The kind that an error is by its SQLSTATE. `ours`: the extension raised it; some states mean something else if a
// user's trigger or the server itself did.
HttpFailure http_failure_of(std::string_view sqlstate, bool ours);

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
