// Files in requests and answers, and the sum of the parts of an import.
#include "gateway/api/csv_answer.hpp"

#include "core/json/json_build.hpp"
#include "gateway/base/failure.hpp"
#include "gateway/base/multipart.hpp"

#include <algorithm>

namespace eryxon::gateway {

namespace {

// Options that are no texts.
struct TypedOption {
    std::string_view name;
    core::JsonType type;
};
constexpr TypedOption typed_options[] = {
    {"header", core::JsonType::boolean},       {"skip_unchanged", core::JsonType::boolean},
    {"adopt", core::JsonType::boolean},        {"force", core::JsonType::boolean},
    {"max_errors", core::JsonType::number},    {"header_line", core::JsonType::number},
    {"only_mapped", core::JsonType::boolean},  {"results_limit", core::JsonType::number},
    {"results_offset", core::JsonType::number}};

Failure not_a_file() {
    Failure failure = own_failure(415);
    failure.message =
        "The request body must be a CSV file (Content-Type: text/csv), or a form (multipart/form-data) with the field "
        "\"file\"";
    return failure;
}

bool is_json(const std::string& text, core::JsonType type) {
    try {
        core::JsonArena arena;
        return core::parse_json(text, arena).type() == type;
    } catch (const core::CallError&) {
        return false;
    }
}

// The value of an option as JSON. What is not of its type goes as text: the database says what it expects.
std::string option_value(const Parameter& parameter) {
    for (const TypedOption& option : typed_options)
        if (option.name == parameter.name && is_json(parameter.value, option.type)) return parameter.value;
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
            options.names_results |= parameter.name == "results";
            if (json.size() > 1) json += ',';
            json.append(core::json_string(parameter.name)).append(":").append(option_value(parameter));
        }
    }
    options.json = json + '}';
    return options;
}

std::string with_member(const std::string& object, const std::string& member) {
    return object.substr(0, object.size() - 1) + (object.size() > 2 ? "," : "") + member + '}';
}

Response csv_response(Answer answer) {
    if (answer.status != 200) return to_response(std::move(answer));
    core::JsonArena arena;
    const core::Json data = data_of(answer.body, arena);
    Response response{.body = std::string(text_of(data, "csv")), .content_type = "text/csv; charset=utf-8"};
    if (text_of(data, "filename").ends_with(".ndjson")) response.content_type = "application/x-ndjson; charset=utf-8";
    response.headers = {
        {"Content-Disposition", "attachment; filename=\"" + std::string(text_of(data, "filename")) + '"'},
        {"X-Content-Type-Options", "nosniff"},
        {"Cache-Control", "no-store"}};
    return response;
}

bool ImportReport::add(std::string_view answer) {
    core::JsonArena arena;
    const core::Json data = data_of(answer, arena);
    if (!demand_member(data, "more").as_bool()) {
        take_run(demand_member(data, "run"));
        return false;
    }
    for (std::size_t i = 0; i < names.size(); ++i)
        counts_[i] += count_of(data, names[i]);
    const core::Json* results = data.find("results");
    if (results != nullptr && results->is_array()) keep(*results);
    const core::Json* warnings = data.find("warnings");
    if (warnings != nullptr && warnings->is_array())
        std::for_each(warnings->items().begin(), warnings->items().end(),
                      [this](const core::Json& warning) { keep_warning(warning); });
    return true;
}

// Keeps a warning of the file, or counts its lines if an earlier part had it.
void ImportReport::keep_warning(const core::Json& warning) {
    const core::Json& params = demand_member(warning, "params");
    FileWarning kept{std::string(text_of(warning, "code")),    std::string(text_of(warning, "path")),
                     std::string(text_of(warning, "message")), std::string(text_of(params, "reason")),
                     std::string(text_of(params, "value")),    count_of(params, "lines")};
    auto const same = [&](const FileWarning& other) {
        bool const example = kept.code == "NUMBER_SIGN" || kept.code == "DOS_CODE_PAGE";  // of each part its own
        return other.code == kept.code && other.path == kept.path && (example || other.value == kept.value);
    };
    auto const found = std::find_if(warnings_.begin(), warnings_.end(), same);
    if (found == warnings_.end())
        warnings_.push_back(std::move(kept));
    else
        found->lines += kept.lines;
}

std::string ImportReport::warnings_json() const {
    std::string out;
    for (const FileWarning& warning : warnings_) {
        out += (out.empty() ? "{\"code\":" : ",{\"code\":") + core::json_string(warning.code);
        out += ",\"path\":" + core::json_string(warning.path) + ",\"message\":" + core::json_string(warning.message);
        out += ",\"params\":{\"reason\":" + core::json_string(warning.reason);
        if (!warning.value.empty()) out += ",\"value\":" + core::json_string(warning.value);
        out += ",\"lines\":" + std::to_string(warning.lines) + "}}";
    }
    return '[' + out + ']';
}

// Keeps the results as far as they fit.
void ImportReport::keep(const core::Json& results) {
    for (const core::Json& result : results.items()) {
        if (kept_ == most_results) {
            omitted_++;
            continue;
        }
        if (kept_++ > 0) results_ += ',';
        core::write_json(result, results_);
    }
}

// A run all of whose lines failed has the status of a run that was given up; that one has a reason or an open rest.
void ImportReport::take_run(const core::Json& run) {
    for (std::size_t i = 0; i < names.size(); ++i)
        counts_[i] = count_of(run, names[i]);
    std::string_view const status = text_of(run, "status"), reason = text_of(run, "failure");
    cancelled_ = status == "cancelled";
    bool const ended = !reason.empty() || count_of(run, "done") < count_of(run, "records");
    if (status == "failed" && ended) failure_ = reason.empty() ? "The import was ended" : reason;
}

std::string ImportReport::json() const {
    auto const passed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began_).count();
    std::string out = "{";
    for (std::size_t i = 0; i < names.size(); ++i)
        out += core::json_string(names[i]) + ':' + std::to_string(counts_[i]) + ',';
    out += "\"run_id\":" + core::json_string(run_) + ",\"duration_ms\":" + std::to_string(passed);
    if (!warnings_.empty()) out += ",\"warnings\":" + warnings_json();
    out += ",\"results\":[" + results_ + ']';
    if (omitted_ > 0) out += ",\"results_omitted\":" + std::to_string(omitted_);
    return out + ",\"cancelled\":" + (cancelled_ ? "true" : "false") + '}';
}

}  // namespace eryxon::gateway
