// Sessions over libpq and values at JSON pointers, for the tests of this folder.
#include "database.hpp"

#include <poll.h>
#include <simdjson.h>

#include <chrono>
#include <cstdio>

namespace eryxon::http_test {
namespace {

constexpr Oid unknown_type = 705;

struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

std::string field_of(const PGresult* result, int field) {
    const char* text = PQresultErrorField(result, field);
    return text ? text : "";
}

// The rows of a result that is no error.
Rows rows_of(const Result& result) {
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY)
        throw ServerError(result.get());
    Rows rows(PQntuples(result.get()));
    for (std::size_t row = 0; row < rows.size(); ++row)
        for (int column = 0; column < PQnfields(result.get()); ++column)
            rows[row].emplace_back(PQgetvalue(result.get(), row, column), PQgetlength(result.get(), row, column));
    return rows;
}

}  // namespace

ServerError::ServerError(const PGresult* result)
    : std::runtime_error(PQresultErrorMessage(result)),
      sqlstate(field_of(result, PG_DIAG_SQLSTATE)),
      message(field_of(result, PG_DIAG_MESSAGE_PRIMARY)),
      detail(field_of(result, PG_DIAG_MESSAGE_DETAIL)),
      hint(field_of(result, PG_DIAG_MESSAGE_HINT)) {}

Session::Session(const std::string& database, const std::string& user) {
    const char* keys[] = {"dbname", "user", "client_encoding", "options", nullptr};
    const char* values[] = {database.c_str(), user.empty() ? nullptr : user.c_str(), "UTF8",
                            "-c client_min_messages=warning", nullptr};
    connection_.reset(PQconnectdbParams(keys, values, 0));
    PQsetNoticeProcessor(
        get(), [](void*, const char*) {}, nullptr);
    if (PQstatus(get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(get()));
}

Rows Session::run(const std::string& sql) {
    return rows_of(Result(PQexec(get(), sql.c_str())));
}

std::string Session::value(const std::string& sql) {
    const Rows rows = run(sql);
    return rows.empty() ? "" : rows[0][0];
}

void Session::prepare(const std::string& name, const std::string& sql, std::size_t parameters) {
    const std::vector<Oid> types(parameters, unknown_type);
    rows_of(Result(PQprepare(get(), name.c_str(), sql.c_str(), static_cast<int>(parameters), types.data())));
}

Rows Session::execute(const std::string& name, const std::vector<std::string>& parameters) {
    std::vector<const char*> values;
    for (const std::string& parameter : parameters)
        values.push_back(parameter.c_str());
    return rows_of(Result(
        PQexecPrepared(get(), name.c_str(), static_cast<int>(values.size()), values.data(), nullptr, nullptr, 1)));
}

std::string Session::notification(const std::string& channel, int seconds) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (std::chrono::steady_clock::now() < until) {
        PQconsumeInput(get());
        while (PGnotify* note = PQnotifies(get())) {
            const std::string name = note->relname, payload = note->extra;
            PQfreemem(note);
            if (name == channel) return payload;
        }
        pollfd socket{PQsocket(get()), POLLIN, 0};
        poll(&socket, 1, 100);
    }
    return "(none)";
}

std::string json_at(const std::string& json, const std::string& pointer) {
    simdjson::dom::parser parser;
    simdjson::dom::element document, found;
    if (parser.parse(json).get(document) != simdjson::SUCCESS) return "(no JSON)";
    if (document.at_pointer(pointer).get(found) != simdjson::SUCCESS) return "(none)";
    std::string_view text;
    if (found.get(text) == simdjson::SUCCESS) return std::string(text);
    return simdjson::minify(found);
}

std::string json_names(const std::string& json, const std::string& pointer) {
    simdjson::dom::parser parser;
    simdjson::dom::element document, found;
    simdjson::dom::object object;
    if (parser.parse(json).get(document) != simdjson::SUCCESS) return "(no JSON)";
    if (document.at_pointer(pointer).get(found) != simdjson::SUCCESS) return "(none)";
    if (found.get(object) != simdjson::SUCCESS) return "(no object)";
    std::string names;
    for (const auto& member : object)
        names += (names.empty() ? "" : " ") + std::string(member.key);
    return names;
}

std::string json_quote(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text) {
        char escape[8];
        if (static_cast<unsigned char>(c) < 0x20) {
            std::snprintf(escape, sizeof escape, "\\u%04x", c);
            quoted += escape;
        } else {
            if (c == '"' || c == '\\') quoted += '\\';
            quoted += c;
        }
    }
    return quoted + '"';
}

}  // namespace eryxon::http_test
