// Files: inspected and tried in one call; imported in parts, each in a transaction of its own.
#include "core/json/json_build.hpp"
#include "gateway/api/csv_answer.hpp"
#include "gateway/api/service.hpp"

namespace eryxon::gateway {

namespace {

constexpr int most_tries = 4;  // of a step that the database could not take at the moment
constexpr std::chrono::milliseconds pause_between_tries{250};

// The arguments of a function that takes an entity, a file and options.
std::string file_document(const Route& route, const FileOptions& options, bool with_run) {
    std::string out = "{\"entity\":" + core::json_string(route.entity) + ",\"options\":" + options.json;
    if (with_run) out += ",\"run\":" + (options.run.empty() ? "null" : core::json_string(options.run));
    return out + '}';
}

// Their names. Made here: g++ 12 fails at lists within coroutines.
std::vector<std::string> file_arguments(bool with_run) {
    std::vector<std::string> names = {"entity", "file", "options"};
    if (with_run) names.emplace_back("run");
    return names;
}

std::vector<std::string> end_arguments() {
    return {"run", "reason"};
}

// A failure's body with what was done before it beside the error.
std::string with_data(std::string body, const std::string& data) {
    body.pop_back();
    return body + ",\"data\":" + data + '}';
}

// The answer of a step that did not succeed; where it tells of no error, that is one of its own.
Response failed_step(Answer answer) {
    core::JsonArena arena;
    demand_member(demand_member(core::parse_json(answer.body, arena), "error"), "message");
    return gateway::to_response(std::move(answer));
}

// The answer where someone else has ended the import as failed.
Response ended_elsewhere(const ImportReport& report) {
    Failure failure = own_failure(409);
    failure.message = *report.failure();
    Response response = gateway::to_response(failure, Style::route);
    response.body = with_data(std::move(response.body), report.json());
    return response;
}

// The run of an import that has begun.
std::string run_id_of(const Answer& begun) {
    core::JsonArena arena;
    return std::string(text_of(data_of(begun.body, arena), "run_id"));
}

}  // namespace

// How long a call may take that gets a whole file: as long as the requests that could carry as much.
std::chrono::milliseconds Service::file_time(std::size_t bytes) const {
    return milliseconds(config_.request_timeout) * static_cast<std::int64_t>(1 + bytes / config_.body_limit);
}

// Inspects or imports the file of a request. Its time limit begins when the file is there.
Task<Response> Service::answer_file(const Request& request, const Route& route, Trace& trace) {
    Credentials const credentials = take_caller(request, trace, Style::route);
    TimePoint const deadline = Clock::now() + file_time(request.body.size());
    co_await demand_entity(route, deadline);
    std::optional<std::vector<Parameter>> parameters = parse_query(request.query);
    if (!parameters) throw bad_request("The query string is malformed", "", Style::route);
    FileOptions options = file_options(route_arguments(route.endpoint, std::move(*parameters)));
    std::string_view const file = uploaded_file(request);
    bool const in_parts = route.endpoint == Endpoint::import_file && !options.dry_run;
    if (options.dry_run) options.json = with_member(options.json, "\"dry_run\":true");
    if (in_parts && !options.names_results) options.json = with_member(options.json, "\"results\":\"errors\"");
    std::vector<std::string> names = file_arguments(in_parts);
    Plan const plan = co_await plan_named(route.function + (in_parts ? "-begin" : ""), std::move(names),
                                          file_document(route, options, in_parts), deadline);
    Answer answer = co_await run(request, plan, credentials, Style::route, file, deadline);
    accept_caller(request, credentials, answer, trace);
    if (!in_parts || answer.status >= 300) co_return gateway::to_response(std::move(answer));
    if (request.let_go) request.let_go();
    std::string const id = run_id_of(answer);
    ImportStep const next = [&] { return import_step(request, credentials, id); };
    Response response = co_await import_parts(request, credentials, id, next, trace);
    co_return std::move(response);
}

// Imports the parts one after the other; of a file whether the client still waits or not.
Task<Response> Service::import_parts(const Request& request, const Credentials& credentials, std::string run,
                                     const ImportStep& next, const Trace& trace) {
    ImportReport report(std::move(run));
    std::optional<Response> failure;
    for (bool more = true; more && !failure;) {
        try {
            if (finishing_) throw unavailable("an import was broken off, for the gateway stops");
            Answer step = co_await next();
            if (step.status == 200)
                more = report.add(step.body);
            else
                failure = failed_step(std::move(step));
        } catch (const Failure& error) {
            failure = answer_failure(error, trace, Style::route);
        } catch (const std::exception& error) {
            failure = answer_failure(internal_error(error.what()), trace, Style::route);
        }
    }
    if (failure) {
        Response response = co_await give_up_import(request, credentials, report, std::move(*failure), trace);
        co_return std::move(response);
    }
    if (report.failure()) co_return ended_elsewhere(report);
    co_return Response{.body = "{\"success\":true,\"data\":" + report.json() + '}'};
}

// The next part of a file that the database has.
Task<Answer> Service::import_step(const Request& request, const Credentials& credentials, const std::string& run) {
    NamedCall step{
        .function = "api-csv-import-step", .names = {}, .document = "{\"run\":" + core::json_string(run) + '}'};
    step.names.emplace_back("run");
    Answer answer = co_await run_step(request, credentials, step);
    co_return std::move(answer);
}

// A step. What the database could not take at the moment is sent again; a part that was committed all the same is not
// imported twice.
Task<Answer> Service::run_step(const Request& request, const Credentials& credentials, const NamedCall& step) {
    Timer pause(executor_);
    for (int tries = 1;; ++tries) {
        try {
            TimePoint const deadline = Clock::now() + milliseconds(config_.request_timeout);
            Plan const plan = co_await plan_named(step.function, step.names, step.document, deadline);
            Answer answer = co_await run(request, plan, credentials, Style::route, step.file, deadline);
            co_return std::move(answer);
        } catch (const Failure& failure) {
            if (failure.status != 503 || tries == most_tries || finishing_) throw;
        }
        ErrorCode ignored;
        pause.expires_after(pause_between_tries * tries);
        co_await pause.async_wait(into(ignored));
    }
}

// Notes that the import ends here, and answers the failure with what was done before it.
Task<Response> Service::give_up_import(const Request& request, const Credentials& credentials, ImportReport& report,
                                       Response failure, const Trace& trace) {
    core::JsonArena arena;
    try {
        TimePoint const deadline = Clock::now() + milliseconds(config_.request_timeout);
        const core::Json error = demand_member(core::parse_json(failure.body, arena), "error");
        std::string document = "{\"run\":" + core::json_string(report.run());
        document += ",\"reason\":" + core::json_text(demand_member(error, "message")) + '}';
        Plan const plan = co_await plan_named("api-csv-import-end", end_arguments(), std::move(document), deadline);
        Answer const ended = co_await run(request, plan, credentials, Style::route, {}, deadline);
        if (ended.status == 200) report.take_run(demand_member(data_of(ended.body, arena), "run"));
    } catch (const Failure& second) {
        log_failure(second, trace);
    } catch (const std::exception& second) {
        log_failure(internal_error(second.what()), trace);
    }
    failure.body = with_data(std::move(failure.body), report.json());
    co_return std::move(failure);
}

}  // namespace eryxon::gateway
