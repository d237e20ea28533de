// The text of the statements. Names in them come from the configuration and the catalog, values are parameters.
#include "gateway/database/call.hpp"

namespace eryxon::gateway {

namespace {

// Puts a dotted name's parts in quotes.
std::string quote_dotted(std::string_view name) {
    std::size_t const dot = name.find('.');
    if (dot == std::string_view::npos) return quote_identifier(name);
    return quote_identifier(name.substr(0, dot)) + '.' + quote_identifier(name.substr(dot + 1));
}

bool is_file(const Call& call, const Argument& argument) {
    return !call.file.empty() && argument.type == "bytea";
}

// The arguments as `"a" := pgrst_args."a", ...`; a file is the second parameter.
std::string passed(const Call& call) {
    std::string out;
    for (const Argument* argument : call.arguments) {
        std::string const name = quote_identifier(argument->name);
        out +=
            (out.empty() ? "" : ", ") + name + (is_file(call, *argument) ? " := $2::bytea" : " := pgrst_args." + name);
    }
    return out;
}

// The arguments as a column list with types, without a file.
std::string typed(const Call& call) {
    std::string out;
    for (const Argument* argument : call.arguments)
        if (!is_file(call, *argument))
            out += (out.empty() ? "" : ", ") + quote_identifier(argument->name) + ' ' + argument->type;
    return out;
}

bool returns_rows(const Function& function) {
    return function.returns == Returns::row || function.returns == Returns::rows;
}

// The source: one column pgrst_scalar, or the columns of the rows.
std::string source(const std::string& schema, const Call& call) {
    const Function& function = *call.function;
    std::string const name = schema + '.' + quote_identifier(function.name);
    bool const rows = returns_rows(function);
    std::string const columns = rows ? "pgrst_call.*" : "pgrst_call.pgrst_scalar";
    std::string args = "()";
    std::string from;
    if (!function.document_type.empty()) {
        args = "($1::" + function.document_type + ')';
    } else if (!call.arguments.empty()) {
        args = '(' + passed(call) + ')';
        from = "(SELECT * FROM json_to_record($1::json) AS _(" + typed(call) + ") LIMIT 1) pgrst_args, LATERAL ";
    }
    if (rows) return "SELECT " + columns + " FROM " + from + name + args + " pgrst_call";
    return "SELECT " + columns + " FROM " + from + "(SELECT " + name + args + " pgrst_scalar) pgrst_call";
}

// The expression that makes the answer's body of the source.
const char* body_of(Returns returns) {
    switch (returns) {
        case Returns::scalars:
            return "coalesce(json_agg(_postgrest_t.pgrst_scalar), '[]')::character varying";
        case Returns::row:
            return "coalesce(json_agg(_postgrest_t)->0, 'null')::character varying";
        case Returns::rows:
            return "coalesce(json_agg(_postgrest_t), '[]')::character varying";
        case Returns::json:
        case Returns::nothing:
        case Returns::scalar:
            break;
    }
    return "coalesce(json_agg(_postgrest_t.pgrst_scalar)->0, 'null')::character varying";
}

// True if all calls of the function that look like this one are the same statement, or one of two.
bool has_fixed_shape(const Call& call) {
    const Function& function = *call.function;
    return !function.document_type.empty() || call.arguments.empty() ||
           call.arguments.size() == function.arguments.size();
}

// Whose the request was, which the gateway remembers.
constexpr const char* tenant = "current_setting('eryxon.tenant_id', true) AS tenant";

// Where no function is called: who gets that far is known to the database.
constexpr const char* nothing = "SELECT null::bigint, 0::bigint, null::text, null::text, null::text, ";

// The statement around the source: body, and what the function has set for the response. The json of a scalar function
// is the body as it stands; PostgREST would make an aggregate of it and take that apart again.
std::string query(const std::string& source, Returns returns) {
    bool const plain = returns == Returns::json;
    std::string const count = plain ? "1::bigint" : "pg_catalog.count(_postgrest_t)";
    std::string const body = plain ? "coalesce(_postgrest_t.pgrst_scalar::text, 'null')" : body_of(returns);
    return (plain ? "" : "WITH pgrst_source AS (" + source + ") ") + "SELECT null::bigint AS total_result_set, " +
           count + " AS page_total, " + body +
           " AS body, nullif(current_setting('response.headers', true), '') AS response_headers, "
           "nullif(current_setting('response.status', true), '') AS response_status, " +
           tenant + " FROM (" + (plain ? source : "SELECT * FROM pgrst_source") + ") _postgrest_t";
}

}  // namespace

std::string quote_identifier(std::string_view name) {
    std::string out = "\"";
    for (char const c : name) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + '"';
}

CallWriter::CallWriter(const Config& config, Statements& statements)
    : statements_(statements),
      schema_(quote_identifier(config.db_schema)),
      search_path_(schema_ + ", \"public\""),
      anonymous_role_(config.db_anon_role),
      begin_read_(statements.get("", "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY")),
      begin_write_(statements.get("", "BEGIN ISOLATION LEVEL READ COMMITTED")),
      commit_(statements.get("", "COMMIT")),
      rollback_(Statements::unnamed("ROLLBACK")) {
    if (!config.db_pre_request.empty()) pre_request_ = "select " + quote_dotted(config.db_pre_request) + "()";
}

// The one SELECT of set_config() calls, in PostgREST's order.
Step CallWriter::settings_step(const Call& call, const std::vector<RoleSetting>& settings,
                               const std::string& time_limit) {
    std::string text = "select set_config('search_path', $1, true)";
    std::vector<const char*> values = {search_path_.c_str()};
    const auto place = [&](const std::string& value) {
        values.push_back(value.c_str());
        return '$' + std::to_string(values.size());
    };
    text += ", set_config('statement_timeout', " + place(time_limit) + ", true)";
    for (const RoleSetting& setting : settings) {
        std::string const name = place(setting.name);
        text += ", set_config(" + name + ", " + place(setting.value) + ", true)";
    }
    const std::pair<const char*, const std::string&> requested[] = {
        {"role", call.role},         {"request.jwt.claims", call.claims}, {"request.method", call.method},
        {"request.path", call.path}, {"request.headers", call.headers},   {"request.cookies", call.cookies}};
    for (const auto& [name, value] : requested)
        text += std::string(", set_config('") + name + "', " + place(value) + ", true)";
    return {statements_.get("", text), std::move(values)};
}

// The call itself, with what the function has set for the response. Who is not known yet, which goes for API keys too,
// gets names for few statements only: all the choices of arguments would fill the register.
Step CallWriter::call_step(const Call& call) {
    if (call.function == nullptr) return {statements_.get(call.role, std::string(nothing) + tenant), {}};
    std::string const text = query(source(schema_, call), call.function->returns);
    bool const has_parameter = !call.function->document_type.empty() || !call.arguments.empty();
    bool const named = call.role != anonymous_role_ || has_fixed_shape(call);
    Step step{named ? statements_.get(call.role, text) : Statements::unnamed(text), {}};
    if (has_parameter) step.parameters.push_back(call.document);
    if (!call.file.empty()) step.parameters.push_back(call.file.data());
    step.file_size = call.file.size();
    return step;
}

std::vector<Step> CallWriter::write(const Call& call, const std::vector<RoleSetting>& settings,
                                    const std::string& time_limit) {
    std::vector<Step> steps;
    steps.reserve(5);
    steps.push_back({call.read_only ? begin_read_ : begin_write_, {}});
    steps.push_back(settings_step(call, settings, time_limit));
    if (!pre_request_.empty()) steps.push_back({statements_.get(call.role, pre_request_), {}});
    steps.push_back(call_step(call));
    steps.push_back({commit_, {}});
    return steps;
}

}  // namespace eryxon::gateway
