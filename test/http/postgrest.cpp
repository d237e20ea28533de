// The statements and the answers of a small PostgREST.
#include "postgrest.hpp"

#include <algorithm>
#include <cstdlib>

namespace eryxon::http_test {
namespace {

const std::string schema = "eryxon_api";
const std::string pre_request = R"(select "eryxon_api"."pre_request"())";

std::string identifier(const std::string& name) {
    std::string quoted = "\"";
    for (const char c : name)
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    return quoted + '"';
}

// The status of an error by its SQLSTATE.
int status_of(const std::string& sqlstate, bool anonymous) {
    static const std::map<std::string, int> whole = {{"23503", 409}, {"23505", 409}, {"25006", 405},
                                                     {"42883", 404}, {"42P01", 404}, {"42P17", 500},
                                                     {"P0001", 400}, {"53400", 500}, {"21000", 500}};
    static const std::map<std::string, int> classes = {{"08", 503}, {"09", 500}, {"0L", 403}, {"0P", 403}, {"25", 500},
                                                       {"28", 403}, {"2D", 500}, {"38", 500}, {"39", 500}, {"3B", 500},
                                                       {"40", 500}, {"53", 503}, {"54", 500}, {"55", 500}, {"57", 500},
                                                       {"58", 500}, {"F0", 500}, {"HV", 500}, {"P0", 500}, {"XX", 500}};
    if (sqlstate == "42501") return anonymous ? 401 : 403;
    if (const auto found = whole.find(sqlstate); found != whole.end()) return found->second;
    if (sqlstate.starts_with("PT")) return std::atoi(sqlstate.c_str() + 2);
    const auto found = classes.find(sqlstate.substr(0, 2));
    return found == classes.end() ? 400 : found->second;
}

// The answer to an error that left the transaction.
Answer answer_of(const ServerError& error, bool anonymous) {
    Answer answer;
    answer.sqlstate = error.sqlstate;
    if (error.sqlstate == "PGRST") {
        answer.body = error.message;
        answer.code = json_at(error.message, "/code");
        answer.status = std::atoi(json_at(error.detail, "/status").c_str());
        answer.headers = json_at(error.detail, "/headers");
        if (answer.status == 0 || answer.code.starts_with("(no")) answer.status = 500, answer.code = "PGRST121";
        return answer;
    }
    answer.status = status_of(error.sqlstate, anonymous);
    answer.code = error.sqlstate;
    answer.body = "{\"code\":" + json_quote(error.sqlstate) + ",\"message\":" + json_quote(error.message) +
                  ",\"details\":" + json_quote(error.detail) + ",\"hint\":" + json_quote(error.hint) + "}";
    return answer;
}

// An error of PostgREST itself.
Answer own_error(int status, const std::string& code) {
    Answer answer;
    answer.status = status;
    answer.code = code;
    answer.body = "{\"code\":" + json_quote(code) + "}";
    return answer;
}

// The call itself as a query with the one column pgrst_scalar.
std::string call_query(const Request& request, const Routine& routine) {
    const std::string function = identifier(schema) + "." + identifier(request.function);
    const std::string scalar = "SELECT pgrst_call.pgrst_scalar FROM ";
    if (routine.unnamed) return scalar + "(SELECT " + function + "($1::json) pgrst_scalar) pgrst_call";
    std::string names, columns, arguments;
    for (const auto& [name, type] : routine.arguments) {
        const bool direct = request.method != "POST";
        const auto given = std::find_if(request.query.begin(), request.query.end(),
                                        [&](const auto& argument) { return argument.first == name; });
        if (direct ? given == request.query.end() : json_at(request.body, "/" + name) == "(none)") continue;
        const std::string comma = arguments.empty() ? "" : ", ";
        const std::string number = std::to_string(given - request.query.begin() + 1);
        names += comma + identifier(name);
        columns += comma + identifier(name) + " " + type;
        arguments += comma + identifier(name) + " := ";
        arguments += direct ? "$" + number + "::" + type : "pgrst_body." + identifier(name);
    }
    const std::string call = function + "(" + arguments + ") pgrst_scalar) pgrst_call";
    if (request.method != "POST" || arguments.empty()) return scalar + "(SELECT " + call;
    return scalar + "(SELECT $1::json AS json_data) pgrst_payload, LATERAL (SELECT " + names +
           " FROM json_to_record(pgrst_payload.json_data) AS _(" + columns + ") LIMIT 1) pgrst_body, LATERAL (SELECT " +
           call;
}

// Tells whether the function has all named arguments of the request.
bool matches(const Request& request, const Routine& routine) {
    if (routine.unnamed) return request.method == "POST";
    std::string names = json_names(request.body, "");
    if (request.method != "POST") {
        names.clear();
        for (const auto& argument : request.query)
            names += (names.empty() ? "" : " ") + argument.first;
    }
    std::size_t from = 0;
    while (from < names.size()) {
        const std::size_t to = std::min(names.find(' ', from), names.size());
        const std::string name = names.substr(from, to - from);
        if (std::none_of(routine.arguments.begin(), routine.arguments.end(),
                         [&](const auto& argument) { return argument.first == name; }))
            return false;
        from = to + 1;
    }
    return true;
}

// The request's headers as GUC: one object with lower-case names.
std::string headers_json(const std::map<std::string, std::string>& headers) {
    std::string json;
    for (const auto& [name, value] : headers)
        json += (json.empty() ? "{" : ",") + json_quote(name) + ":" + json_quote(value);
    return json.empty() ? "{}" : json + "}";
}

// The answer of a call that was committed.
Answer committed(const Rows& rows) {
    const std::string& headers = rows[0][3];
    const std::string& status = rows[0][4];
    if (!headers.empty() && !headers.starts_with("[")) return own_error(500, "PGRST111");
    if (!status.empty() && std::atoi(status.c_str()) < 100) return own_error(500, "PGRST112");
    Answer answer;
    answer.status = status.empty() ? 200 : std::atoi(status.c_str());
    answer.body = rows[0][2];
    answer.headers = headers;
    return answer;
}

}  // namespace

PostgRest::PostgRest(const std::string& database) : session_(database, "authenticator") {
    load_schema();
    for (const auto& row :
         session_.run("SELECT rolname, split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1)"
                      " FROM pg_roles, unnest(rolconfig) setting"
                      " WHERE pg_has_role('authenticator', oid, 'member')"))
        role_settings_[row[0]][row[1]] = row[2];
}

void PostgRest::load_schema() {
    routines_.clear();
    const Rows rows = session_.run(
        "SELECT p.proname, p.provolatile <> 'v', coalesce(a.name, ''), coalesce(format_type(a.type, NULL), '')"
        " FROM pg_proc p LEFT JOIN LATERAL (SELECT * FROM unnest(p.proargtypes::oid[],"
        " coalesce(p.proargnames, array_fill(''::text, ARRAY[p.pronargs::integer]))) WITH ORDINALITY x(type, name, n)) "
        "a ON true"
        " WHERE p.pronamespace = 'eryxon_api'::regnamespace AND p.prokind = 'f' ORDER BY p.proname, a.n");
    for (const auto& row : rows) {
        Routine& routine = routines_[row[0]];
        routine.stable = row[1] == "t";
        if (row[3].empty()) continue;
        routine.unnamed = row[2].empty();
        if (!routine.unnamed) routine.arguments.emplace_back(row[2], row[3]);
    }
}

Rows PostgRest::prepared(const std::string& sql, const std::vector<std::string>& parameters) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) {
        const std::string name = std::to_string(statements_.size());
        session_.prepare(name, sql, parameters.size());
        found = statements_.emplace(sql, name).first;
    }
    return session_.execute(found->second, parameters);
}

void PostgRest::set_context(const Request& request) {
    std::vector<std::pair<std::string, std::string>> settings = {{"search_path", "\"eryxon_api\", \"public\""}};
    for (const auto& setting : role_settings_[request.role])
        settings.push_back(setting);
    settings.emplace_back("role", request.role);
    settings.emplace_back("request.jwt.claims",
                          request.claims.empty() ? "{\"role\":" + json_quote(request.role) + "}" : request.claims);
    settings.emplace_back("request.method", request.method);
    settings.emplace_back("request.path", "/rpc/" + request.function);
    settings.emplace_back("request.headers", headers_json(request.headers));
    settings.emplace_back("request.cookies", "{}");
    std::string sql;
    std::vector<std::string> parameters;
    for (const auto& [name, value] : settings) {
        parameters.push_back(name);
        parameters.push_back(value);
        sql += (sql.empty() ? "select set_config($" : ", set_config($") + std::to_string(parameters.size() - 1) +
               ", $" + std::to_string(parameters.size()) + ", true)";
    }
    prepared(sql, parameters);
}

Rows PostgRest::call_function(const Request& request, const Routine& routine) {
    const std::string query = call_query(request, routine);
    std::vector<std::string> parameters;
    if (request.method != "POST")
        for (const auto& argument : request.query)
            parameters.push_back(argument.second);
    else if (query.find("$1") != std::string::npos)
        parameters.push_back(request.body);
    return prepared(
        "WITH pgrst_source AS (" + query +
            ") SELECT null::bigint AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total,"
            " coalesce(json_agg(_postgrest_t.pgrst_scalar)->0, 'null') AS body,"
            " nullif(current_setting('response.headers', true), '') AS response_headers,"
            " nullif(current_setting('response.status', true), '') AS response_status, '' AS response_inserted"
            " FROM (SELECT pgrst_source.* FROM pgrst_source) _postgrest_t",
        parameters);
}

Answer PostgRest::run(const Request& request, const Routine& routine) {
    const bool reads = request.method != "POST" || routine.stable;
    try {
        prepared(std::string("BEGIN ISOLATION LEVEL READ COMMITTED READ ") + (reads ? "ONLY" : "WRITE"), {});
        set_context(request);
        prepared(pre_request, {});
        const Rows rows = call_function(request, routine);
        prepared("COMMIT", {});
        return committed(rows);
    } catch (const ServerError& error) {
        prepared("ABORT", {});
        return answer_of(error, request.role == "eryxon_anon");
    }
}

Answer PostgRest::call(const Request& request) {
    const auto found = routines_.find(request.function);
    if (request.method != "POST" && request.method != "GET" && request.method != "HEAD")
        return own_error(405, "PGRST101");
    if (found == routines_.end() || !matches(request, found->second)) return own_error(404, "PGRST202");
    return run(request, found->second);
}

}  // namespace eryxon::http_test
