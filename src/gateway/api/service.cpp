// The endpoints, and the way of a call: credentials, rate limit, function, database, answer.
#include "gateway/api/service.hpp"

#include "core/json/canonical.hpp"
#include "gateway/api/cors.hpp"
#include "gateway/api/csv_answer.hpp"
#include "gateway/api/forwarded.hpp"
#include "gateway/api/request_settings.hpp"
#include "gateway/base/log.hpp"

#include <ctime>

namespace eryxon::gateway {

namespace {

constexpr std::chrono::seconds openapi_age{5};

bool reads_only(std::string_view method) {
    return method == "GET" || method == "HEAD";
}

void add_rate_headers(Response& response, const RateState& rate) {
    response.headers.push_back({"X-RateLimit-Limit", std::to_string(rate.limit)});
    response.headers.push_back({"X-RateLimit-Remaining", std::to_string(rate.remaining)});
    response.headers.push_back({"X-RateLimit-Reset", std::to_string(rate.reset)});
}

// Other schemas than the exposed one cannot be asked for.
void check_profile(const Request& request, const std::string& schema) {
    const HeaderView* profile = request.find(reads_only(request.method) ? "accept-profile" : "content-profile");
    if (profile == nullptr || profile->value == schema) return;
    Failure failure = own_failure(406);
    failure.code = "PGRST106";
    failure.message = "Invalid schema: only " + schema + " is exposed";
    throw failure;
}

// The settings of the call, from the request.
Call make_call(const Request& request, const std::string& function, const Credentials& credentials) {
    Call call;
    call.role = credentials.role;
    call.claims = claims_json(credentials);
    call.method = reads_only(request.method) ? request.method : "POST";
    call.path = "/rpc/" + function;
    call.headers = headers_json(request, credentials);
    call.cookies = cookies_json(request);
    return call;
}

// A promise that is not kept must not be made: sent again with the same key, a request may do its work twice.
void refuse_idempotency_key(const Request& request, Style style) {
    if (reads_only(request.method) || request.find("idempotency-key") == nullptr) return;
    throw bad_request("The header Idempotency-Key is not supported", "PGRST102", style);
}

// The answer as a response.
Response to_response(Answer answer, const Function& function, Style style) {
    Response response = gateway::to_response(std::move(answer));
    if (style == Style::rpc && !response.has("content-range")) response.headers.push_back({"Content-Range", "0-0/*"});
    if (function.returns == Returns::nothing) {
        if (response.status == 200) response.status = 204;
        response.body.clear();
    }
    return response;
}

// The answer to a caller who has as many requests under way as leave a share for others.
Failure share_is_used_up() {
    Failure failure = own_failure(503);
    failure.message = "Too many requests at a time; try again later";
    return failure;
}

// True for how the gateway and its database are.
bool is_health(Endpoint endpoint) {
    return endpoint == Endpoint::health || endpoint == Endpoint::ready;
}

}  // namespace

void log_failure(const Failure& failure, const Trace& trace) {
    LogLine("error")
        .quoted("msg", failure.log.empty() ? failure.message : failure.log)
        .number("status", failure.status)
        .plain("request_id", trace.request_id)
        .write();
}

Response answer_failure(const Failure& failure, const Trace& trace, Style style) {
    if (!failure.log.empty()) log_failure(failure, trace);
    return gateway::to_response(failure, style);
}

Caller caller_of(const Request& request, const Credentials& credentials) {
    Caller caller{.address = network_of(request.client), .credential = core::sha256_hex(credentials.secret)};
    caller.proved = credentials.kind == Credentials::Kind::token && credentials.api_key.empty();
    return caller;
}

Service::Service(Executor executor, const Config& config)
    : config_(config),
      executor_(executor),
      database_(executor, config),
      pages_(config.admin_dir),
      tokens_(config),
      limiter_(config.rate_limit),
      places_(config.max_connections) {}

void Service::reload() {
    database_.reload();
    reload_keys();
    try {
        pages_ = AdminPages(config_.admin_dir);
    } catch (const std::exception& error) {
        LogLine("error").quoted("msg", "the admin pages were not read again").quoted("reason", error.what()).write();
    }
}

// Reads the keys of tokens again. If one cannot be read all stay as they were: a half-written file locks nobody out.
void Service::reload_keys() {
    try {
        TokenKeys keys = read_token_keys(config_.jwt_sources);
        LogLine("info").quoted("msg", "the keys of tokens were read again").number("keys", keys.size()).write();
        tokens_.use(std::move(keys));
    } catch (const std::exception& error) {
        LogLine("error").quoted("msg", "the keys of tokens stay as they were").quoted("reason", error.what()).write();
    }
}

Body Service::body_kind(const Request& request) const {
    return body_of(find_route(config_.base_path, request.method, request.path).endpoint);
}

Task<std::optional<Failure>> Service::screen(const Request& request, Style style) {
    Route const route = find_route(config_.base_path, request.method, request.path);
    if (!calls_function(route.endpoint)) co_return std::nullopt;
    try {
        Trace unused;
        authenticate(request, unused, style);
        refuse_idempotency_key(request, style);
        co_return std::nullopt;
    } catch (const Failure& failure) {
        co_return failure;
    }
}

// Has a key that was not seen for a while checked by the database, without calling a function. Throws Failure.
Task<void> Service::ask_who_calls(const Request& request, Trace& trace, Style style) {
    Credentials const credentials = take_caller(request, trace, style);
    Caller const caller = caller_of(request, credentials);
    bool const is_key = credentials.kind == Credentials::Kind::key;
    if (is_key && !callers_.was_accepted(caller, Clock::now())) {
        Call call = make_call(request, "", credentials);
        call.read_only = true;
        call.caller = trace.share;
        std::shared_ptr<const Catalog> const catalog = co_await database_.catalog(request.deadline);
        Answer const answer = co_await database_.run(call, *catalog, request.deadline, style);
        accept_caller(request, credentials, answer, trace);
    }
}

// For a file, asks for the template of its entity: who gets that is known, and it costs little. A large body where no
// function is called gets its answer at once.
Task<std::optional<Response>> Service::admit(const Request& request, Trace& trace) {
    Route const route = find_route(config_.base_path, request.method, request.path);
    if (calls_function(route.endpoint) && body_of(route.endpoint) != Body::file) {
        Style const style = is_rpc(request.path) ? Style::rpc : Style::route;
        trace.route = route.path;
        std::optional<Response> refusal;
        try {
            co_await ask_who_calls(request, trace, style);
        } catch (const Failure& failure) {
            refusal = answer_failure(failure, trace, style);
        } catch (const std::exception& error) {
            refusal = answer_failure(internal_error(error.what()), trace, style);
        }
        if (trace.trial && refusal && refusal->status == 401)
            refusal = answer_failure(too_many_requests(trace), trace, style);
        trace.trial.reset();
        co_return std::move(refusal);
    }
    if (body_of(route.endpoint) != Body::file) {
        Response response = co_await answer(request, trace);
        co_return std::move(response);
    }
    std::string_view const entity = route.entity;
    std::string const path = config_.base_path + "/api-" + std::string(entity) + "/template";
    Request asking = request;
    asking.method = "GET";
    asking.path = path;
    asking.query = {};
    Response response = co_await answer(asking, trace);
    if (response.status == 200) co_return std::nullopt;
    co_return std::move(response);
}

Task<Response> Service::answer(const Request& request, Trace& trace) {
    Route const route = find_route(config_.base_path, request.method, request.path);
    Style const style = is_rpc(request.path) ? Style::rpc : Style::route;
    trace.route = route.path;
    Response response;
    try {
        response = co_await answer_route(request, route, trace, style);
    } catch (const Failure& failure) {
        response = answer_failure(failure, trace, style);
    } catch (const std::exception& error) {
        response = answer_failure(internal_error(error.what()), trace, style);
    }
    if (trace.trial && response.status == 401) response = answer_failure(too_many_requests(trace), trace, style);
    trace.trial.reset();
    if (trace.rate) add_rate_headers(response, *trace.rate);
    if (response.status == 401 && !response.has("www-authenticate"))
        response.headers.push_back({"WWW-Authenticate", "Bearer"});
    co_return std::move(response);
}

// Answers what the endpoint asks for; throws Failure for all that goes wrong.
Task<Response> Service::answer_route(const Request& request, const Route& route, Trace& trace, Style style) {
    switch (route.endpoint) {
        case Endpoint::none:
            throw own_failure(404);
        case Endpoint::wrong_method: {
            if (auto const asked = answer_preflight(request, config_.cors_origins, route.allow)) co_return *asked;
            Failure failure = own_failure(405);
            failure.headers.push_back({"Allow", route.allow});
            throw failure;
        }
        case Endpoint::health:
        case Endpoint::ready:
            co_return *answer_health(request, trace);
        case Endpoint::metrics:
            co_return Response{.body = metrics_.text(database_.counts()),
                               .content_type = "text/plain; version=0.0.4; charset=utf-8"};
        case Endpoint::admin:
        case Endpoint::admin_page:
            co_return answer_page(request, route);
        case Endpoint::openapi:
            break;
        case Endpoint::inspect:
        case Endpoint::import_file: {
            Response response = co_await answer_file(request, route, trace);
            co_return std::move(response);
        }
        case Endpoint::import_records: {
            Response response = co_await answer_records(request, route, trace);
            co_return std::move(response);
        }
        default: {
            Response response = co_await answer_call(request, route, trace, style);
            co_return std::move(response);
        }
    }
    Response description = co_await answer_openapi(request);
    co_return std::move(description);
}

std::optional<Response> Service::answer_health(const Request& request, Trace& trace) const {
    Route const route = find_route(config_.base_path, request.method, request.path);
    if (!is_health(route.endpoint)) return std::nullopt;
    trace.route = route.path;
    if (route.endpoint == Endpoint::ready) return answer_ready();
    return Response{.body = "{\"status\":\"ok\"}"};
}

bool Service::is_about_health(const Request& request) const {
    return is_health(find_route(config_.base_path, request.method, request.path).endpoint);
}

Response Service::answer_ready() const {
    if (database_.is_ready()) return {.body = "{\"status\":\"ready\"}"};
    return {.status = 503, .headers = {{"Retry-After", "2"}}, .body = "{\"status\":\"database unavailable\"}"};
}

// The description, made anew when it is a few seconds old.
Task<Response> Service::answer_openapi(const Request& request) {
    if (openapi_.empty() || Clock::now() - openapi_made_ > openapi_age) {
        std::string const share = "address:" + request.client;
        std::string const describing = co_await database_.query(describing_query(), request.deadline, share);
        std::string entities = "[]";
        if (!describing.empty())
            entities = co_await database_.query(entities_query(describing), request.deadline, share);
        openapi_ = write_openapi(entities, config_.base_path);
        openapi_made_ = Clock::now();
    }
    co_return Response{.body = openapi_};
}

// The request's credentials. Bad ones are charged to the client's address, so that guessing has a limit.
Credentials Service::authenticate(const Request& request, Trace& trace, Style style) {
    try {
        return read_credentials(request, tokens_, config_.db_anon_role, std::time(nullptr), style);
    } catch (const Failure&) {
        limit_rate({.address = network_of(request.client)}, trace);
        throw;
    }
}

// Takes the request from the caller's allowance; throws Failure 429. A credential that is not known may be let through
// to the database though there is nothing left: if it is not good the answer is 429 as well.
void Service::limit_rate(const Caller& caller, Trace& trace) {
    if (!limiter_.active()) return;
    trace.rate = limiter_.take(caller, Clock::now());
    if (trace.rate->allowed) return;
    trace.trial = limiter_.try_anyway(caller);
    if (!trace.trial) throw too_many_requests(trace);
}

Failure Service::too_many_requests(const Trace& trace) {
    metrics_.rate_limited();
    Failure failure = own_failure(429);
    failure.headers.push_back({"Retry-After", std::to_string(trace.rate->retry_after)});
    return failure;
}

// Notes whose the credential is once it has proved good, and gives it a bucket of its own.
void Service::accept_caller(const Request& request, const Credentials& credentials, const Answer& answer,
                            Trace& trace) {
    if (answer.status == 401 || config_.db_pre_request.empty()) return;
    Caller const caller = caller_of(request, credentials);
    callers_.accept(caller, answer.tenant, Clock::now());
    trace.share = callers_.share(caller, credentials);
    if (!limiter_.active()) return;
    std::optional<RateState> const state = limiter_.accept(caller, Clock::now(), trace.trial != nullptr);
    if (state) trace.rate = state;
}

// The request's credentials, without which no function is called. The caller is charged, and its request gets a place,
// unless that was done already.
Credentials Service::take_caller(const Request& request, Trace& trace, Style style) {
    Credentials credentials = authenticate(request, trace, style);
    trace.auth = log_name(credentials);
    Caller const caller = caller_of(request, credentials);
    trace.share = callers_.share(caller, credentials);
    if (!trace.rate) limit_rate(caller, trace);
    if (!trace.place) trace.place = places_.take(trace.share);
    if (!trace.place) throw share_is_used_up();
    refuse_idempotency_key(request, style);
    return credentials;
}

// Calls the function behind the route.
Task<Response> Service::answer_call(const Request& request, const Route& route, Trace& trace, Style style) {
    Credentials const credentials = take_caller(request, trace, style);
    if (style == Style::rpc) check_profile(request, config_.db_schema);
    if (passes_entity(route.endpoint)) co_await demand_entity(route, request.deadline);
    Plan const plan = co_await this->plan(request, route, style);
    Answer answer = co_await run(request, plan, credentials, style, {}, request.deadline);
    accept_caller(request, credentials, answer, trace);
    if (route.endpoint == Endpoint::run) co_return answer_run(request, plan, credentials, std::move(answer));
    if (passes_entity(route.endpoint)) co_return csv_response(std::move(answer));
    co_return to_response(std::move(answer), *plan.match.function, style);
}

// Calls the function with a file, or without one.
Task<Answer> Service::run(const Request& request, const Plan& plan, const Credentials& credentials, Style style,
                          std::string_view file, TimePoint deadline) {
    Call call = make_call(request, plan.match.function->name, credentials);
    call.function = plan.match.function;
    call.caller = callers_.share(caller_of(request, credentials), credentials);
    call.arguments = plan.match.arguments;
    call.document = plan.document.empty() ? request.body.data() : plan.document.c_str();
    call.file = file;
    call.read_only = reads_only(request.method) || !call.function->is_volatile;
    Answer answer = co_await database_.run(call, *plan.catalog, deadline, style);
    co_return std::move(answer);
}

// A file of the admin pages. Without its slash the folder's relative addresses would lead astray.
Response Service::answer_page(const Request& request, const Route& route) const {
    if (route.endpoint == Endpoint::admin_page) return pages_.answer(request, route.page);
    return {.status = 308, .headers = {{"Location", "admin/"}}, .body = {}, .content_type = "text/plain"};
}

}  // namespace eryxon::gateway
