// What the errors of the database mean over HTTP: by SQLSTATE, or as the raising function says itself.
#include "gateway/base/failure.hpp"

#include "core/json/json.hpp"
#include "core/result/http_status.hpp"
#include "gateway/base/response_settings.hpp"

#include <algorithm>
#include <array>

namespace eryxon::gateway {

namespace {

struct StateStatus {
    std::string_view state;  // a SQLSTATE, or the beginning of one
    unsigned status;
};

// PostgREST's table, the longer beginnings first; the last fits all. On routes the contract's counts
// (core/result/http_status). Class 54 is the client's doing: too deep, too long.
constexpr std::array rpc_statuses = std::to_array<StateStatus>({
    {"23503", 409}, {"23505", 409}, {"25006", 405}, {"21000", 500}, {"42883", 404}, {"42P01", 404}, {"42P17", 500},
    {"42501", 403}, {"53400", 500}, {"57P", 503},   {"P0001", 400}, {"08", 503},    {"09", 500},    {"0L", 403},
    {"0P", 403},    {"25", 500},    {"28", 403},    {"2D", 500},    {"38", 500},    {"39", 500},    {"3B", 500},
    {"40", 500},    {"53", 503},    {"55", 500},    {"57", 500},    {"58", 500},    {"F0", 500},    {"HV", 500},
    {"P0", 500},    {"XX", 500},    {"", 400},
});

// The status of an error that no function made an answer of.
unsigned status_of(const DatabaseError& error, Style style) {
    if (style == Style::route)
        return static_cast<unsigned>(core::http_failure_of(error.sqlstate, core::Raised::outside).status);
    return std::find_if(rpc_statuses.begin(), rpc_statuses.end(),
                        [&](const StateStatus& row) { return error.sqlstate.starts_with(row.state); })
        ->status;
}

bool is_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// What the error does not say stays empty.
std::string json_or_nothing(std::string_view text) {
    return text.empty() ? std::string() : core::json_string(text);
}

// The database's detail: the JSON array that the extension gives, or text.
std::string detail_json(const std::string& detail) {
    if (!detail.starts_with('[')) return json_or_nothing(detail);
    try {
        core::JsonArena arena;
        core::parse_json(detail, arena);
        return detail;
    } catch (const core::CallError&) {
        return json_or_nothing(detail);
    }
}

std::string log_text(const DatabaseError& error) {
    return "SQLSTATE " + error.sqlstate + ": " + error.message;
}

// The member as JSON text; nothing if it is missing or null.
std::string member_json(const core::Json& object, std::string_view name) {
    std::string out;
    const core::Json* member = object.find(name);
    if (member != nullptr && !member->is_null()) core::write_json(*member, out);
    return out;
}

std::string member_text(const core::Json& object, std::string_view name) {
    const core::Json* member = object.find(name);
    return member != nullptr && member->is_string() ? std::string(member->text()) : std::string();
}

// SQLSTATE PGRST: the function says all itself, {code, message, details, hint} in the message and
// {status, headers} in the detail.
Failure self_described(const DatabaseError& error) {
    core::JsonArena arena;
    core::Json const body = core::parse_json(error.message, arena);
    core::Json const frame = core::parse_json(error.detail, arena);
    const core::Json* status = frame.find("status");
    if (!body.is_object() || status == nullptr || !status->is_number())
        throw core::CallError(core::Code::invalid_payload, "");
    std::optional<unsigned> const number = parse_status(status->text());
    if (!number) throw core::CallError(core::Code::invalid_payload, "");
    Failure failure{.status = *number,
                    .code = member_text(body, "code"),
                    .message = member_text(body, "message"),
                    .details = member_json(body, "details"),
                    .hint = member_json(body, "hint")};
    if (const core::Json* headers = frame.find("headers"); headers != nullptr && headers->is_object())
        for (const core::JsonMember& header : headers->members())
            if (header.value.is_string()) add_response_header(failure.headers, header.name, header.value.text());
    return failure;
}

// SQLSTATE PTxyz: the status is in the code.
Failure with_own_status(const DatabaseError& error) {
    return {.status = static_cast<unsigned>(std::stoul(error.sqlstate.substr(2))),
            .code = error.sqlstate,
            .message = error.message,
            .details = json_or_nothing(error.detail),
            .hint = json_or_nothing(error.hint)};
}

}  // namespace

Failure from_database(const DatabaseError& error, Style style) {
    if (error.sqlstate == "PGRST") {
        try {
            return self_described(error);
        } catch (const core::CallError&) {
            return internal_error("malformed error of SQLSTATE PGRST");
        }
    }
    bool const own_status = error.sqlstate.starts_with("PT") && is_digits(std::string_view(error.sqlstate).substr(2));
    if (own_status && error.sqlstate[2] >= '2' && error.sqlstate[2] <= '5') return with_own_status(error);
    Failure failure = own_failure(status_of(error, style));
    if (style == Style::rpc) failure.code = error.sqlstate;
    if (failure.status >= 500) {
        failure.log = log_text(error);
        return failure;
    }
    failure.message = error.message;
    failure.details = detail_json(error.detail);
    failure.hint = json_or_nothing(error.hint);
    return failure;
}

}  // namespace eryxon::gateway
