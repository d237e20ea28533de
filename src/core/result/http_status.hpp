// What went wrong, as a status over HTTP: one table for the extension and the gateway.
#pragma once

#include "core/base/error.hpp"

#include <string_view>

namespace eryxon::core {

// A kind of failed request.
struct HttpFailure {
    std::string_view code;  // such as "VALIDATION_ERROR"
    int status;
};

inline constexpr HttpFailure http_unauthorized{"UNAUTHORIZED", 401};

// Who raised an error, for some SQLSTATEs mean something else then.
enum class Raised {
    by_us,      // the extension, about a record or the call
    by_others,  // the server or a user's trigger, about a record
    outside     // anybody, around the function: its arguments could not be read, say, or COMMIT failed
};

// The word for a status; that of 400 or 500 where it has none of its own.
std::string_view http_code(int status);
// The kind that an error is by its SQLSTATE.
HttpFailure http_failure_of(std::string_view sqlstate, Raised raised);
// The kind that a fault of the call is.
HttpFailure http_failure_of(const Fault& fault);

}  // namespace eryxon::core
