// The gateway's own errors, and the two shapes in which errors are answered.
#include "gateway/base/failure.hpp"

#include "core/json/json.hpp"
#include "core/result/http_answer.hpp"
#include "gateway/base/response_settings.hpp"

namespace eryxon::gateway {

namespace {

struct StatusText {
    unsigned status;
    const char* message;
};

constexpr StatusText status_texts[] = {
    {400, "The request is malformed"},
    {401, "Authentication required"},
    {403, "Permission denied"},
    {404, "There is nothing under this path"},
    {405, "This method is not allowed here"},
    {406, "None of the acceptable media types is available"},
    {408, "The request did not arrive in time"},
    {409, "The request conflicts with existing data"},
    {413, "The request body is too large"},
    {415, "The request body must be JSON"},
    {422, "The data is not valid"},
    {429, "Too many requests"},
    {431, "The request headers are too large"},
    {500, "The request could not be processed"},
    {501, "This is not supported"},
    {503, "The database is not available; try again later"},
    {504, "The request took too long and was cancelled"},
};

const char* message_of(unsigned status) {
    for (const StatusText& text : status_texts)
        if (text.status == status) return text.message;
    return message_of(status < 500 ? 400 : 500);
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

// The hint, if it is a text.
std::string hint_text(const Failure& failure) {
    if (failure.hint.empty()) return {};
    core::JsonArena arena;
    core::Json const hint = core::parse_json(failure.hint, arena);
    return hint.is_string() ? std::string(hint.text()) : std::string();
}

// The body in the contract's envelope, which is the extension's, too.
std::string route_body(const Failure& failure) {
    return core::http_failure({failure.code, static_cast<int>(failure.status)}, failure.message, hint_text(failure),
                              detail_list(failure));
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
    Failure failure{.status = status,
                    .code = std::string(core::http_code(static_cast<int>(status))),
                    .message = message_of(status)};
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
