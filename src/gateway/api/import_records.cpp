// Records of any number: imported in parts, each in a transaction of its own, while they arrive.
#include "core/json/json_build.hpp"
#include "gateway/api/csv_answer.hpp"
#include "gateway/api/service.hpp"
#include "gateway/base/record_parts.hpp"

#include <algorithm>

namespace eryxon::gateway {

namespace {

// Takes the entity out of the parameters.
std::string take_entity(std::vector<Parameter>& parameters) {
    auto const found = std::find_if(parameters.begin(), parameters.end(),
                                    [](const Parameter& parameter) { return parameter.name == "entity"; });
    if (found == parameters.end() || found->value.empty())
        throw bad_request("The query parameter \"entity\" is missing", "", Style::route);
    std::string entity = std::move(found->value);
    parameters.erase(found);
    return entity;
}

std::string begin_document(const std::string& entity, const RecordFormat& format, const FileOptions& options) {
    bool const lines = format.form == core::RecordForm::lines;
    std::string out = "{\"entity\":" + core::json_string(entity);
    out.append(",\"form\":").append(lines ? "\"lines\"" : "\"array\"").append(",\"options\":").append(options.json);
    return out + ",\"run\":" + (options.run.empty() ? "null" : core::json_string(options.run)) + '}';
}

// The names of arguments. Made here: g++ 12 fails at lists within coroutines.
std::vector<std::string> begin_arguments() {
    return {"entity", "form", "options", "run"};
}

std::vector<std::string> step_arguments() {
    return {"run", "part", "place", "records"};
}

std::vector<std::string> finish_arguments() {
    return {"run"};
}

std::string step_document(const std::string& run, const RecordPart& part) {
    return "{\"run\":" + core::json_string(run) + ",\"part\":" + std::to_string(part.number) +
           ",\"place\":" + std::to_string(part.place) + '}';
}

// The run of an import that has begun, and how many records its parts may have.
std::pair<std::string, std::size_t> read_begun(const Answer& begun) {
    core::JsonArena arena;
    core::Json const data = data_of(begun.body, arena);
    std::int64_t const records = count_of(data, "part_records");
    return {std::string(text_of(data, "run_id")), static_cast<std::size_t>(std::max<std::int64_t>(records, 1))};
}

}  // namespace

// Imports the records of a request, which is read as far as the next part needs.
Task<Response> Service::answer_records(const Request& request, const Route& route, Trace& trace) {
    Credentials const credentials = take_caller(request, trace, Style::route);
    std::optional<std::vector<Parameter>> parameters = parse_query(request.query);
    if (!parameters) throw bad_request("The query string is malformed", "", Style::route);
    std::vector<Parameter> arguments = route_arguments(route.endpoint, std::move(*parameters));
    std::string const entity = take_entity(arguments);
    RecordFormat const format = record_format(request);
    FileOptions options = file_options(arguments);
    if (!options.names_results) options.json = with_member(options.json, "\"results\":\"errors\"");
    Route named = route;
    named.entity = entity;
    co_await demand_entity(named, request.deadline);
    Plan const plan = co_await plan_named(route.function + "-begin", begin_arguments(),
                                          begin_document(entity, format, options), request.deadline);
    Answer begun = co_await run(request, plan, credentials, Style::route, {}, request.deadline);
    accept_caller(request, credentials, begun, trace);
    if (begun.status >= 300) co_return gateway::to_response(std::move(begun));
    auto const [id, size] = read_begun(begun);
    RecordParts parts(request, format, entity, size, config_.body_limit);
    std::string const run = id;
    ImportStep const next = [&] { return import_records(request, credentials, run, parts); };
    Response response = co_await import_parts(request, credentials, run, next, trace);
    co_return std::move(response);
}

// The next part, or the end.
Task<Answer> Service::import_records(const Request& request, const Credentials& credentials, const std::string& run,
                                     RecordParts& parts) {
    std::optional<RecordPart> const part = co_await parts.next();
    NamedCall step;
    if (part) {
        step.function = "api-json-import-step";
        step.names = step_arguments();
        step.document = step_document(run, *part);
        step.file = part->text;
    } else {
        step.function = "api-json-import-finish";
        step.names = finish_arguments();
        step.document = "{\"run\":" + core::json_string(run) + '}';
    }
    Answer answer = co_await run_step(request, credentials, step);
    co_return std::move(answer);
}

}  // namespace eryxon::gateway
