// From a request to the function that it calls and the JSON that the function gets.
#include "core/json/json.hpp"
#include "gateway/api/service.hpp"

#include <algorithm>

namespace eryxon::gateway {

namespace {

// The parameter charset of a media type in lower case, without quotes; empty if it has none.
std::string_view charset_of(std::string_view type) {
    constexpr std::string_view name = "charset=";
    for (std::size_t at = type.find(';'); at != std::string_view::npos; at = type.find(';')) {
        type.remove_prefix(at + 1);
        type.remove_prefix(std::min(type.find_first_not_of(" \t"), type.size()));
        if (!type.starts_with(name)) continue;
        std::string_view const value = type.substr(name.size());
        if (value.starts_with('"')) return value.substr(1, value.find('"', 1) - 1);
        return value.substr(0, value.find_first_of("; \t"));
    }
    return {};
}

// True for UTF-8 and what is part of it.
bool is_utf8(std::string_view charset) {
    return charset.empty() || charset == "utf-8" || charset == "utf8" || charset == "us-ascii" || charset == "ascii";
}

Failure foreign_charset() {
    Failure failure = own_failure(415);
    failure.message = "The request body must be in UTF-8";
    return failure;
}

// Bodies are taken as they are, which the answer says (RFC 9110 12.5.3).
Failure encoded() {
    Failure failure = own_failure(415);
    failure.message = "The request body must not be compressed";
    failure.headers.push_back({"Accept-Encoding", "identity"});
    return failure;
}

// A body that is no JSON by its own account.
void check_content_type(const Request& request) {
    const HeaderView* encoding = request.find("content-encoding");
    if (encoding != nullptr && !same_name(encoding->value, "identity")) throw encoded();
    const HeaderView* type = request.find("content-type");
    if (type == nullptr) return;
    std::string const value = lower_case(type->value);
    if (value.starts_with("text/csv") || value.starts_with("multipart/") || value.find("xml") != std::string::npos)
        throw own_failure(415);
    if (!is_utf8(charset_of(value))) throw foreign_charset();
}

// A POST whose arguments are the fields of a form, as PostgREST takes them too.
bool is_form(const Request& request) {
    const HeaderView* type = request.find("content-type");
    return type != nullptr && request.method == "POST" &&
           lower_case(type->value).starts_with("application/x-www-form-urlencoded");
}

// True where ?columns= asks for the body to be passed on unseen, as PostgREST has it.
bool is_raw(const Request& request) {
    std::optional<std::vector<Parameter>> const parameters = parse_query(request.query);
    return parameters && std::any_of(parameters->begin(), parameters->end(),
                                     [](const Parameter& parameter) { return parameter.name == "columns"; });
}

// Refuses what the database cannot take: a parameter of libpq ends at the first NUL byte.
void check_body(const Request& request, Style style) {
    check_content_type(request);
    if (request.body.find('\0') != std::string_view::npos)
        throw bad_request("The request body contains a NUL byte", "PGRST102", style);
    if (request.body.empty() && style == Style::route)
        throw bad_request("The request body is empty; a JSON value is expected", "", style);
}

std::vector<Parameter> read_query(const Request& request, Style style) {
    std::optional<std::vector<Parameter>> parameters = parse_query(request.query);
    if (!parameters) throw bad_request("The query string is malformed", "PGRST100", style);
    return std::move(*parameters);
}

// The arguments of a call that names them one by one: those of a route, or of /rpc by GET or as a form.
std::vector<Parameter> read_arguments(const Request& request, const Route& route, Style style) {
    if (style == Style::route) {
        std::vector<Parameter> arguments = route_arguments(route.endpoint, read_query(request, style));
        if (passes_entity(route.endpoint)) arguments.push_back({"entity", std::string(route.entity)});
        if (!route.id.empty()) arguments.push_back({"id", std::string(route.id)});
        return arguments;
    }
    if (!is_form(request)) return rpc_arguments(read_query(request, style));
    std::optional<std::vector<Parameter>> fields = parse_query(request.body);
    if (!fields) throw bad_request("The form is malformed", "PGRST102", style);
    return form_arguments(std::move(*fields));
}

// The names in the body, for a function that takes its arguments one by one.
std::vector<std::string> member_names(std::string_view body, Style style) {
    try {
        core::JsonArena arena;
        core::Json const value = core::parse_json(body, arena);
        if (!value.is_object()) throw bad_request("The arguments must be a JSON object", "PGRST102", style);
        std::vector<std::string> names;
        for (const core::JsonMember& member : value.members())
            names.emplace_back(member.name);
        return names;
    } catch (const core::CallError&) {
        throw bad_request("The request body is not valid JSON", "PGRST102", style);
    }
}

// The arguments of a change: those of the query string, and the body as `changes`.
std::string with_changes(std::string arguments, std::string_view body, Style style) {
    try {
        core::JsonArena arena;
        core::parse_json(body, arena);
    } catch (const core::CallError&) {
        throw bad_request("The request body is not valid JSON", "PGRST102", style);
    }
    arguments.pop_back();
    return arguments + (arguments.size() > 1 ? "," : "") + "\"changes\":" + std::string(body) + '}';
}

bool takes_names(const std::vector<Function>& functions) {
    return std::any_of(functions.begin(), functions.end(),
                       [](const Function& function) { return function.document_type.empty(); });
}

// True where the request's body is the function's one argument, or has all of them.
bool has_body(const Route& route, const Request& request) {
    if (route.endpoint == Endpoint::rpc) return request.method == "POST" && !is_form(request);
    return body_of(route.endpoint) == Body::arguments;
}

// The answer where no function is found.
Failure unknown(const Route& route, const std::string& schema, const Sent& sent) {
    if (route.endpoint == Endpoint::rpc) return no_function(schema, route.function, sent);
    if (route.entity.empty()) return own_failure(404);
    return not_found("There is no entity \"" + std::string(route.entity) + '"');
}

}  // namespace

// Plans a call of a function that takes these arguments by name; they stand in the document, but for a file.
Task<Service::Plan> Service::plan_named(std::string function, std::vector<std::string> names, std::string document,
                                        TimePoint deadline) {
    Plan plan;
    Sent const sent{.names = std::move(names)};
    plan.document = std::move(document);
    plan.catalog = co_await database_.catalog(deadline);
    plan.match = match_function(plan.catalog->find(function), sent);
    if (plan.match.function == nullptr) throw own_failure(404);
    co_return std::move(plan);
}

// Throws Failure 404 for an entity that is not attached, reading the catalog again once.
Task<void> Service::demand_entity(const Route& route, TimePoint deadline) {
    std::string const function = "api-" + std::string(route.entity) + "-sync";
    std::shared_ptr<const Catalog> catalog = co_await database_.catalog(deadline);
    if (!catalog->find(function).empty()) co_return;
    co_await database_.refresh(deadline);
    catalog = co_await database_.catalog(deadline);
    if (catalog->find(function).empty()) throw unknown(route, config_.db_schema, {});
}

// Finds the function, reading the catalog again once if there seems to be none.
Task<Service::Plan> Service::plan(const Request& request, const Route& route, Style style) {
    Plan plan;
    Sent sent;
    sent.has_document = has_body(route, request);
    if (sent.has_document) {
        if (style == Style::route && !request.query.empty())
            route_arguments(route.endpoint, read_query(request, style));
        check_body(request, style);
        if (request.body.empty() && !is_raw(request)) plan.document = "{}";
    } else {
        std::vector<Parameter> const arguments = read_arguments(request, route, style);
        for (const Parameter& argument : arguments)
            sent.names.push_back(argument.name);
        plan.document = arguments_json(arguments);
        if (body_of(route.endpoint) == Body::changes) {
            check_body(request, style);
            sent.names.emplace_back("changes");
            plan.document = with_changes(std::move(plan.document), request.body, style);
        }
    }
    plan.catalog = co_await database_.catalog(request.deadline);
    for (bool refreshed = false;; refreshed = true) {
        const std::vector<Function>& functions = plan.catalog->find(route.function);
        if (sent.has_document && takes_names(functions))
            sent.names = member_names(plan.document.empty() ? request.body : plan.document, style);
        plan.match = match_function(functions, sent);
        if (plan.match.function != nullptr) co_return std::move(plan);
        if (refreshed) throw unknown(route, config_.db_schema, sent);
        co_await database_.refresh(request.deadline);
        plan.catalog = co_await database_.catalog(request.deadline);
    }
}

}  // namespace eryxon::gateway
