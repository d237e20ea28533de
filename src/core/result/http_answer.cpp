// Bodies and statuses of answers over HTTP.
#include "core/result/http_answer.hpp"

namespace eryxon::core {

namespace {

constexpr HttpFailure bad_request{"BAD_REQUEST", 400};
constexpr HttpFailure forbidden{"FORBIDDEN", 403};
constexpr HttpFailure not_found{"NOT_FOUND", 404};
constexpr HttpFailure conflict{"CONFLICT", 409};
constexpr HttpFailure validation_error{"VALIDATION_ERROR", 422};
constexpr HttpFailure internal_error{"INTERNAL_ERROR", 500};
constexpr HttpFailure unavailable{"SERVICE_UNAVAILABLE", 503};

// SQLSTATEs and classes with the failure that they are; the first that fits counts.
struct StateFailure {
    std::string_view state;
    HttpFailure failure;
    bool ours_only = false;
};
constexpr StateFailure state_failures[] = {
    {"22023", bad_request, true},       // a call that is wrong itself
    {"42P01", unavailable},             // a table that was renamed meanwhile
    {"23503", conflict},                // foreign key
    {"23505", conflict},                // unique
    {"23P01", conflict},                // exclusion
    {"23001", conflict},                // restrict
    {"55006", conflict, true},          // running work
    {"42501", forbidden},               // privilege or policy
    {"P0002", not_found, true},         // no such row
    {"42703", validation_error, true},  // an unknown or read-only field
    {"P0001", validation_error},        // a trigger's RAISE
    {"09000", validation_error},        // a trigger that dropped the row
    {"22", validation_error},           // data exceptions
    {"23", validation_error},           // other constraints
};

// True if the call as a whole is wrong, whatever SQLSTATE it has.
bool is_bad_call(Code code) {
    return code == Code::invalid_payload || code == Code::invalid_option || code == Code::unknown_entity ||
           code == Code::batch_too_large;
}

}  // namespace

HttpFailure http_failure_of(std::string_view sqlstate, bool ours) {
    for (const StateFailure& entry : state_failures)
        if (sqlstate.starts_with(entry.state) && (ours || !entry.ours_only)) return entry.failure;
    return internal_error;
}

HttpFailure http_failure_of(const Fault& fault) {
    if (is_bad_call(fault.code)) return bad_request;
    return http_failure_of(fault.sqlstate.empty() ? code_sqlstate(fault.code) : fault.sqlstate,
                           fault.code != Code::database_error);
}

std::string http_success(std::string_view data) {
    std::string body = R"({"success":true,"data":)";
    body.append(data);
    body += '}';
    return body;
}

std::string http_failure(const HttpFailure& failure, std::string_view message, std::string_view hint,
                         std::string_view details) {
    std::string text(message);
    if (!hint.empty()) text.append(". ").append(hint);
    std::string body = R"({"success":false,"error":{"code":")";
    body.append(failure.code);
    body += R"(","message":)";
    write_json_string(text, body);
    body += R"(,"details":)";
    body.append(details);
    body += R"(,"statusCode":)" + std::to_string(failure.status) + "}}";
    return body;
}

HttpPayload split_options(const Json& body, JsonArena& arena) {
    const Json* options = body.find("options");
    if (options == nullptr || !options->is_object()) return {body, Json::object({})};
    std::vector<JsonMember> others;
    for (const JsonMember& member : body.members())
        if (member.name != "options") others.push_back(member);
    return {arena.object(others), *options};
}

}  // namespace eryxon::core
