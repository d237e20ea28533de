// Files in requests and answers, and the sum of the parts of an import.
#include "gateway/csv_answer.hpp"

#include "core/json_build.hpp"
#include "gateway/failure.hpp"
#include "gateway/multipart.hpp"

#include <algorithm>

namespace eryxon::gateway {

namespace {

constexpr std::string_view boolean_options[] = {"header", "skip_unchanged", "adopt", "force"};

Failure not_a_file() {
    Failure failure = own_failure(415);
    failure.message =
        "The request body must be a CSV file (Content-Type: text/csv), or a form (multipart/form-data) with the field "
        "\"file\"";
    return failure;
}

// The value of an option as JSON. What is no boolean goes as text: the database says what it expects.
std::string option_value(const Parameter& parameter) {
    bool const boolean =
        std::find(std::begin(boolean_options), std::end(boolean_options), parameter.name) != std::end(boolean_options);
    if (boolean && (parameter.value == "true" || parameter.value == "false")) return parameter.value;
    if (parameter.name != "mapping") return core::json_string(parameter.value);
    try {
        core::JsonArena arena;
        core::parse_json(parameter.value, arena);
        return parameter.value;
    } catch (const core::CallError&) {
        throw bad_request("The query parameter \"mapping\" is not valid JSON", "", Style::route);
    }
}

bool read_dry_run(const std::string& value) {
    if (value != "true" && value != "false")
        throw bad_request("The query parameter \"dry_run\" must be true or false", "", Style::route);
    return value == "true";
}

std::int64_t count_of(const core::Json& object, std::string_view name) {
    const core::Json* found = object.find(name);
    if (found == nullptr || !found->is_number()) return 0;
    return std::stoll(core::json_text(*found));
}

std::string_view text_of(const core::Json& object, std::string_view name) {
    const core::Json* found = object.find(name);
    return found != nullptr && found->is_string() ? found->text() : std::string_view();
}

}  // namespace

std::string_view uploaded_file(const Request& request) {
    const HeaderView* encoding = request.find("content-encoding");
    if (encoding != nullptr && !same_name(encoding->value, "identity")) throw not_a_file();
    const HeaderView* type = request.find("content-type");
    std::string const kind = type == nullptr ? "" : lower_case(type->value);
    if (kind.starts_with("application/json") || kind.starts_with("application/x-www-form-urlencoded") ||
        kind.starts_with("application/xml") || kind.starts_with("text/xml"))
        throw not_a_file();
    std::string_view file = request.body;
    if (kind.starts_with("multipart/")) {
        std::optional<std::string_view> const field = form_field(type->value, request.body, "file");
        if (!field) throw bad_request("The form is malformed, or has no field \"file\"", "", Style::route);
        file = *field;
    }
    if (file.empty()) throw bad_request("The file is empty", "", Style::route);
    return file;
}

FileOptions file_options(const std::vector<Parameter>& parameters) {
    FileOptions options;
    std::string json = "{";
    for (const Parameter& parameter : parameters) {
        if (parameter.name == "run") {
            options.run = parameter.value;
        } else if (parameter.name == "dry_run") {
            options.dry_run = read_dry_run(parameter.value);
        } else {
            if (json.size() > 1) json += ',';
            json.append(core::json_string(parameter.name)).append(":").append(option_value(parameter));
        }
    }
    options.json = json + '}';
    return options;
}

Response csv_response(Answer answer) {
    if (answer.status != 200)
        return {.status = answer.status, .headers = std::move(answer.headers), .body = std::move(answer.body)};
    core::JsonArena arena;
    const core::Json body = core::parse_json(answer.body, arena);
    const core::Json& data = *body.find("data");
    Response response{.body = std::string(text_of(data, "csv")), .content_type = "text/csv; charset=utf-8"};
    response.headers = {
        {"Content-Disposition", "attachment; filename=\"" + std::string(text_of(data, "filename")) + '"'},
        {"X-Content-Type-Options", "nosniff"},
        {"Cache-Control", "no-store"}};
    return response;
}

bool ImportReport::add(std::string_view answer) {
    core::JsonArena arena;
    const core::Json body = core::parse_json(answer, arena);
    const core::Json& data = *body.find("data");
    if (!data.find("more")->as_bool()) {
        take_run(*data.find("run"));
        return false;
    }
    for (std::size_t i = 0; i < names.size(); ++i)
        counts_[i] += count_of(data, names[i]);
    const core::Json* results = data.find("results");
    if (results == nullptr) return true;
    for (const core::Json& result : results->items()) {
        if (!results_.empty()) results_ += ',';
        core::write_json(result, results_);
    }
    return true;
}

void ImportReport::take_run(const core::Json& run) {
    for (std::size_t i = 0; i < names.size(); ++i)
        counts_[i] = count_of(run, names[i]);
    cancelled_ = text_of(run, "status") == "cancelled";
}

std::string ImportReport::json() const {
    auto const passed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began_).count();
    std::string out = "{";
    for (std::size_t i = 0; i < names.size(); ++i)
        out += core::json_string(names[i]) + ':' + std::to_string(counts_[i]) + ',';
    out += "\"run_id\":" + core::json_string(run_) + ",\"duration_ms\":" + std::to_string(passed);
    return out + ",\"results\":[" + results_ + "],\"cancelled\":" + (cancelled_ ? "true" : "false") + '}';
}

}  // namespace eryxon::gateway
