// SQLSTATEs and their statuses.
#include "core/result/http_status.hpp"

namespace eryxon::core {

namespace {

constexpr HttpFailure words[] = {
    {"BAD_REQUEST", 400},        {"UNAUTHORIZED", 401},
    {"FORBIDDEN", 403},          {"NOT_FOUND", 404},
    {"METHOD_NOT_ALLOWED", 405}, {"NOT_ACCEPTABLE", 406},
    {"REQUEST_TIMEOUT", 408},    {"CONFLICT", 409},
    {"PAYLOAD_TOO_LARGE", 413},  {"UNSUPPORTED_MEDIA_TYPE", 415},
    {"VALIDATION_ERROR", 422},   {"RATE_LIMITED", 429},
    {"HEADERS_TOO_LARGE", 431},  {"INTERNAL_ERROR", 500},
    {"NOT_IMPLEMENTED", 501},    {"SERVICE_UNAVAILABLE", 503},
    {"GATEWAY_TIMEOUT", 504},
};

// SQLSTATEs, or the beginnings of some, with the status if Raised by_us, by_others, outside; the first that fits
// counts.
struct StateStatus {
    std::string_view state;
    int statuses[3];
};
constexpr StateStatus states[] = {
    {"22023", {400, 422, 400}},  // a call that is wrong itself
    {"42P01", {503, 503, 503}},  // a table that was renamed meanwhile
    {"23503", {409, 409, 409}},  // foreign key
    {"23505", {409, 409, 409}},  // unique
    {"23P01", {409, 409, 409}},  // exclusion
    {"23001", {409, 409, 409}},  // restrict
    {"55006", {409, 500, 409}},  // running work
    {"42501", {403, 403, 403}},  // privilege or policy
    {"P0002", {404, 500, 404}},  // no such row
    {"42703", {422, 500, 500}},  // an unknown or read-only field
    {"P0001", {422, 422, 400}},  // a trigger's RAISE
    {"09000", {422, 422, 500}},  // a trigger that dropped the row
    {"42883", {500, 500, 404}},  // no such function
    {"55P03", {500, 500, 503}},  // a lock that did not come in time
    {"40001", {500, 500, 503}},  // serialization
    {"40P01", {500, 500, 503}},  // deadlock
    {"57014", {500, 500, 504}},  // over its time limit
    {"57P", {500, 500, 503}},    // the server stops or starts
    {"08", {500, 500, 503}},     // connections
    {"53", {500, 500, 503}},     // resources
    {"54", {500, 500, 400}},     // too deep, too long
    {"0L", {500, 500, 403}},     // roles and grants
    {"0P", {500, 500, 403}},     // role
    {"28", {500, 500, 403}},     // authorization
    {"22", {422, 422, 400}},     // data exceptions
    {"23", {422, 422, 400}},     // other constraints
};

// True if the call as a whole is wrong, whatever SQLSTATE it has.
bool is_bad_call(Code code) {
    return code == Code::invalid_payload || code == Code::invalid_option || code == Code::unknown_entity ||
           code == Code::batch_too_large;
}

}  // namespace

std::string_view http_code(int status) {
    for (const HttpFailure& word : words)
        if (word.status == status) return word.code;
    return http_code(status < 500 ? 400 : 500);
}

HttpFailure http_failure_of(std::string_view sqlstate, Raised raised) {
    for (const StateStatus& row : states) {
        int const status = row.statuses[static_cast<int>(raised)];
        if (sqlstate.starts_with(row.state)) return {http_code(status), status};
    }
    return {http_code(500), 500};
}

HttpFailure http_failure_of(const Fault& fault) {
    if (is_bad_call(fault.code)) return {http_code(400), 400};
    return http_failure_of(fault.sqlstate.empty() ? code_sqlstate(fault.code) : fault.sqlstate,
                           fault.code == Code::database_error ? Raised::by_others : Raised::by_us);
}

}  // namespace eryxon::core
