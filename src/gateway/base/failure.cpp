// The gateway's own errors, and the two shapes in which errors are answered.
#include "gateway/base/failure.hpp"

#include "core/json/json.hpp"
#include "gateway/base/response_settings.hpp"

namespace eryxon::gateway {

namespace {

struct StatusText {
    unsigned status;
    const char* code;
    const char* message;
};

constexpr StatusText status_texts[] = {
    {400, "BAD_REQUEST", "The request is malformed"},
    {401, "UNAUTHORIZED", "Authentication required"},
    {403, "FORBIDDEN", "Permission denied"},
    {404, "NOT_FOUND", "There is nothing under this path"},
    {405, "METHOD_NOT_ALLOWED", "This method is not allowed here"},
    {406, "NOT_ACCEPTABLE", "None of the acceptable media types is available"},
    {408, "REQUEST_TIMEOUT", "The request did not arrive in time"},
    {409, "CONFLICT", "The request conflicts with existing data"},
    {413, "PAYLOAD_TOO_LARGE", "The request body is too large"},
    {415, "UNSUPPORTED_MEDIA_TYPE", "The request body must be JSON"},
    {422, "VALIDATION_ERROR", "The data is not valid"},
    {429, "RATE_LIMITED", "Too many requests"},
    {431, "HEADERS_TOO_LARGE", "The request headers are too large"},
    {500, "INTERNAL_ERROR", "The request could not be processed"},
    {501, "NOT_IMPLEMENTED", "This is not supported"},
    {503, "SERVICE_UNAVAILABLE", "The database is not available; try again later"},
    {504, "GATEWAY_TIMEOUT", "The request took too long and was cancelled"},
};

const StatusText& text_of(unsigned status) {
    for (const StatusText& text : status_texts)
        if (text.status == status) return text;
    return status < 500 ? status_texts[0] : text_of(500);
}

std::string_view or_null(const std::string& json) {
    return json.empty() ? std::string_view("null") : std::string_view(json);
}

// The contract's `details` is an array: what the database gave if it is one, else one entry.
std::string detail_list(const Failure& failure) {
    if (!failure.details.empty() && failure.details.front() == '[') return failure.details;
    std::string list = "[";
    if (!failure.details.empty()) list += "{\"message\":" + failure.details + '}';
    return list + ']';
}

// The message with the hint behind it, for which the contract's shape has no place of its own.
std::string message_with_hint(const Failure& failure) {
    if (failure.hint.empty()) return failure.message;
    core::JsonArena arena;
    core::Json const hint = core::parse_json(failure.hint, arena);
    return hint.is_string() ? failure.message + ". " + std::string(hint.text()) : failure.message;
}

// The body in the contract's envelope.
std::string route_body(const Failure& failure) {
    std::string body = "{\"success\":false,\"error\":{";
    core::write_json_member("code", failure.code, body);
    body += ',';
    core::write_json_member("message", message_with_hint(failure), body);
    body += ",\"details\":" + detail_list(failure);
    body += ",\"statusCode\":" + std::to_string(failure.status) + "}}";
    return body;
}

// The body as PostgREST has it.
std::string rpc_body(const Failure& failure) {
    std::string body = "{";
    core::write_json_member("code", failure.code, body);
    body.append(",\"details\":").append(or_null(failure.details));
    body.append(",\"hint\":").append(or_null(failure.hint)).append(",");
    core::write_json_member("message", failure.message, body);
    return body + '}';
}

}  // namespace

Failure own_failure(unsigned status) {
    const StatusText& text = text_of(status);
    Failure failure{.status = status, .code = text.code, .message = text.message};
    if (status == 503) failure.headers.push_back({"Retry-After", "2"});
    if (status == 401) failure.headers.push_back({"WWW-Authenticate", "Bearer"});
    return failure;
}

namespace {

Failure with_message(unsigned status, std::string message) {
    Failure failure = own_failure(status);
    failure.message = std::move(message);
    return failure;
}

Failure with_log(unsigned status, std::string log) {
    Failure failure = own_failure(status);
    failure.log = std::move(log);
    return failure;
}

}  // namespace

Failure out_of_body_memory() {
    return with_message(503, "Too many large requests at a time; try again later");
}

Failure bad_request(std::string message, std::string_view rpc_code, Style style) {
    Failure failure = with_message(400, std::move(message));
    if (style == Style::rpc) failure.code = rpc_code;
    return failure;
}

Failure unauthorized(std::string message, Style style) {
    Failure failure = with_message(401, std::move(message));
    if (style == Style::rpc) failure.code = "PGRST301";
    failure.headers = {{"WWW-Authenticate", "Bearer error=\"invalid_token\""}};
    return failure;
}

Failure not_found(std::string message) {
    return with_message(404, std::move(message));
}

Failure unavailable(std::string log) {
    return with_log(503, std::move(log));
}

Failure timed_out(std::string log) {
    return with_log(504, std::move(log));
}

Failure internal_error(std::string log) {
    return with_log(500, std::move(log));
}

Response to_response(const Failure& failure, Style style) {
    if (style == Style::route)
        return {.status = failure.status, .headers = failure.headers, .body = route_body(failure)};
    Response response{.status = failure.status, .headers = failure.headers, .body = rpc_body(failure)};
    add_response_header(response.headers, "Proxy-Status", "eryxon-gateway; error=" + failure.code);
    return response;
}

}  // namespace eryxon::gateway
